"""`python -m camera_gateway` is the command `camera-gateway`.

The roles start each other this way, so that they run in the very same environment.
"""

from camera_gateway.cli.main import main

if __name__ == "__main__":
    main()
