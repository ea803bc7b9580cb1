/* What time it is: at the server, by the Date of its answers, and on a picture, as a person reads it. Pure but for
   the browser's monotonic clock. */

/** The server's time, learnt from answers: each says a second in which it was sent, and together they say it closely. */
export class ServerClock {
  #low = -Infinity;
  #high = Infinity;

  /** Take a response. Between answers only the monotonic clock counts: an office computer's own time may be wrong. */
  learn(response, now = performance.now()) {
    const second = Date.parse(response.headers.get("Date") ?? "");
    if (Number.isNaN(second)) return;
    const low = second - now;
    const high = second + 1000 - now;
    if (low >= this.#high || high <= this.#low) {
      this.#low = low; // somebody set a clock
      this.#high = high;
    } else {
      this.#low = Math.max(this.#low, low);
      this.#high = Math.min(this.#high, high);
    }
  }

  /** Server time now, ms since 1970; the browser's own until something was learnt. */
  now() {
    return Number.isFinite(this.#low) ? performance.now() + (this.#low + this.#high) / 2 : Date.now();
  }
}

/** Makes texts of moments in a zone: "2026-11-23 14:03:05.240" and the zone's offset at that moment. */
export class ZoneClock {
  constructor(zone) {
    this.zone = zone;
    this.parts = new Intl.DateTimeFormat("en-GB", {
      year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: zone,
    });
  }

  /** {year, month, day, hour, minute, second} as texts. */
  fields(wall) {
    return Object.fromEntries(this.parts.formatToParts(wall).map((part) => [part.type, part.value]));
  }

  day(wall) {
    const { year, month, day } = this.fields(wall);
    return `${year}-${month}-${day}`;
  }

  time(wall, { milliseconds = false } = {}) {
    const whole = Math.floor(wall);
    const { hour, minute, second } = this.fields(whole);
    const rest = String(((whole % 1000) + 1000) % 1000).padStart(3, "0");
    return `${hour}:${minute}:${second}${milliseconds ? `.${rest}` : ""}`;
  }

  /** Offset from UTC in ms. */
  offset(wall) {
    const { year, month, day, hour, minute, second } = this.fields(wall);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(wall / 1000) * 1000;
  }

  zoneText(wall) {
    const minutes = Math.round(this.offset(wall) / 60_000);
    const size = Math.abs(minutes);
    const two = (value) => String(value).padStart(2, "0");
    return `UTC${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  }

  /** The moment of a local "2026-11-23T14:03[:05]". */
  parse(local) {
    const wanted = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`);
    if (Number.isNaN(wanted)) return null;
    let guess = wanted - this.offset(wanted);
    guess = wanted - this.offset(guess);
    return guess;
  }

  /** A moment as <input type="datetime-local" step="1"> has it. */
  local(wall) {
    return `${this.day(wall)}T${this.time(wall)}`;
  }

  /** The first moment of the day or month that a moment lies in, `steps` days or months on. */
  startOf(unit, wall, steps = 0) {
    const { year, month, day } = this.fields(wall);
    const date = unit === "month" ? new Date(Date.UTC(year, month - 1 + steps, 1)) : new Date(Date.UTC(year, month - 1, Number(day) + steps));
    return this.parse(date.toISOString().slice(0, 19));
  }
}
