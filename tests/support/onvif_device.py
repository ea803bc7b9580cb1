"""A device that speaks ONVIF over HTTP and WS-Discovery over UDP, and misbehaves in one way per instance.

Written from the specifications (ONVIF Core 5.9 and 7, Media; WS-UsernameToken profile; RFC 7616) and shares no code
with the gateway. It remembers every request, so that a test can say what was asked, and with what.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self, get_args
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable

Fault = Literal[
    "none",
    "slow",  # an answer of one byte per `drip_s`
    "silent",
    "auth-wrong",  # every account is refused
    "http-digest",  # wants RFC 7616 instead of WS-UsernameToken
    "http-basic",  # wants the password in the clear
    "bomb",  # entities in entities
    "external",  # an entity from a file
    "deep",  # nested without end
    "wide",  # elements without end
    "huge",  # 64 MB promised
    "endless",  # chunks without end
    "redirect",
    "foreign-stream",  # stream addresses on another host
    "http-stream",  # stream addresses of another scheme
    "account-in-stream",
    "media2",  # has the newer media service only (ONVIF Media2, Profile T)
    "not-onvif",  # a web page
    "garbage",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>{prolog}'
    '<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:d="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:m="http://www.onvif.org/ver10/media/wsdl" xmlns:t="http://www.onvif.org/ver10/schema">'
    "<env:Body>{body}</env:Body></env:Envelope>"
)
_BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(12)
)


@dataclass
class OnvifDevice:
    """`async with OnvifDevice("none", streams=[...]) as device: device.port`."""

    fault: Fault = "none"
    host: str = "127.0.0.1"
    user: str = "operator"
    password: str = "correct horse"
    serial: str = "SN-100"
    mac: str = "00:11:22:aa:bb:cc"
    manufacturer: str = "HIKVISION"
    model: str = "DS-2CD"
    firmware: str = "V5.7"
    streams: list[tuple[str, str]] = field(default_factory=list)
    """Name and rtsp:// address of each profile."""
    clock_ahead_s: float = 0.0
    drip_s: float = 0.2
    location: str = "http://127.0.0.9:1/onvif/device_service"
    port: int = 0
    #: (path, header names and values in lower case, body)
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    probes: int = 0

    async def __aenter__(self) -> Self:
        self._busy: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._busy):
            writer.transport.abort()
        await self._idle.wait()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy.add(writer)
        self._idle.clear()
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
            self.requests.append((first.split(" ")[1], headers, body))
            await self._answer(reader, writer, headers, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left, as it may
        finally:
            writer.transport.abort()
            self._busy.discard(writer)
            if not self._busy:
                self._idle.set()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: dict[str, str], body: str
    ) -> None:
        if self.fault == "silent":
            await reader.read(1)
        elif self.fault == "garbage":
            writer.write(bytes(range(256)))
        elif self.fault == "redirect":
            self._send(writer, 302, "", f"Location: {self.location}")
        elif self.fault == "not-onvif":
            self._send(writer, 200, "<html><body>Welcome</body></html>")
        elif self.fault == "huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n" + b"x" * 100_000)
        elif self.fault == "endless":
            await self._endless(reader, writer)
        elif self.fault == "slow":
            await self._drip(reader, writer, self._soap(body, headers)[1])
        else:
            status, text, *more = self._soap(body, headers)
            self._send(writer, status, text, *more)
        await writer.drain()

    async def _endless(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not (reader.at_eof() or writer.transport.is_closing()):
            writer.write(b"4000\r\n" + b"<" * 0x4000 + b"\r\n")
            await writer.drain()

    async def _drip(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n".encode())
        for letter in text:
            if reader.at_eof() or writer.transport.is_closing():
                return
            writer.write(letter.encode())
            await writer.drain()
            await asyncio.sleep(self.drip_s)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, status: int, text: str, *more: str) -> None:
        data = text.encode()
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(data)}", *more]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)

    def _soap(self, body: str, headers: dict[str, str]) -> tuple[int, str] | tuple[int, str, str]:
        root = ET.fromstring(body)  # noqa: S314 - a test's own client wrote it
        operation = root.find("{http://www.w3.org/2003/05/soap-envelope}Body")[0]  # type: ignore[index]
        name = operation.tag.rpartition("}")[2]
        self.operations.append(name)
        hostile = {
            "bomb": lambda: _ENVELOPE.format(prolog=_BOMB + "]>", body="<d:X>&l;</d:X>"),
            "external": lambda: _ENVELOPE.format(
                prolog='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', body="<d:X>&e;</d:X>"
            ),
            "deep": lambda: _ENVELOPE.format(prolog="", body="<d:a>" * 2_000 + "</d:a>" * 2_000),
            "wide": lambda: _ENVELOPE.format(prolog="", body="<m:Profiles/>" * 20_000),
        }
        if self.fault in hostile:
            return 200, hostile[self.fault]()
        if name == "GetSystemDateAndTime":
            return 200, self._said(self._time())
        refused = self._refusal(root, headers)
        if refused is not None:
            return refused
        answers: dict[str, Callable[[], str]] = {
            "GetDeviceInformation": self._information,
            "GetNetworkInterfaces": self._interfaces,
            "GetCapabilities": self._capabilities,
            "GetServices": self._services,
            "GetProfiles": self._profiles,
            "GetStreamUri": lambda: self._stream(operation),
        }
        if name not in answers:
            return 500, self._fault("ter:ActionNotSupported", "Optional Action Not Implemented")
        return 200, self._said(answers[name]())

    @staticmethod
    def _said(body: str) -> str:
        return _ENVELOPE.format(prolog="", body=body)

    def _fault(self, code: str, reason: str) -> str:
        return self._said(
            "<env:Fault><env:Code><env:Value>env:Sender</env:Value><env:Subcode><env:Value>"
            f"{code}</env:Value></env:Subcode></env:Code><env:Reason><env:Text>{reason}</env:Text></env:Reason></env:Fault>"
        )

    def _now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.clock_ahead_s)  # noqa: TID251 - a device's own clock

    def _refusal(self, root: ET.Element, headers: dict[str, str]) -> tuple[int, str] | tuple[int, str, str] | None:
        if self.fault == "http-basic":
            return 401, "", 'WWW-Authenticate: Basic realm="cam"'
        if self.fault == "http-digest":
            return (
                None
                if self._digest_holds(headers)
                else (401, "", 'WWW-Authenticate: Digest realm="cam", nonce="n1", qop="auth"')
            )
        if self.fault != "auth-wrong" and self._token_holds(root):
            return None
        return 400, self._fault("ter:NotAuthorized", "Sender not Authorized")

    def _digest_holds(self, headers: dict[str, str]) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', headers.get("authorization", "").partition(" ")[2]))
        if not said:
            return False

        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        a1, a2 = md5(f"{self.user}:cam:{self.password}"), md5(f"POST:{said['uri']}")
        wanted = md5(f"{a1}:n1:{said['nc']}:{said['cnonce']}:auth:{a2}")
        return said["username"] == self.user and said["response"] == wanted

    def _token_holds(self, root: ET.Element) -> bool:
        """WS-UsernameToken: Base64(SHA-1(nonce + created + password)), created within five minutes of our clock."""
        token = root.find(f".//{{{_SECURITY}}}UsernameToken")
        if token is None:
            return False
        name, password = token.findtext(f"{{{_SECURITY}}}Username"), token.find(f"{{{_SECURITY}}}Password")
        nonce, created = token.findtext(f"{{{_SECURITY}}}Nonce"), token.findtext(f"{{{_UTILITY}}}Created")
        if (
            password is None
            or nonce is None
            or created is None
            or not password.get("Type", "").endswith("#PasswordDigest")
        ):
            return False
        made = dt.datetime.fromisoformat(created)
        if abs((made - self._now()).total_seconds()) > 300:
            return False
        digest = hashlib.sha1(
            base64.b64decode(nonce) + created.encode() + self.password.encode(), usedforsecurity=False
        )
        return name == self.user and secrets.compare_digest(
            base64.b64encode(digest.digest()).decode(), password.text or ""
        )

    def _time(self) -> str:
        now = self._now()
        return (
            "<d:GetSystemDateAndTimeResponse><d:SystemDateAndTime><t:DateTimeType>Manual</t:DateTimeType>"
            f"<t:UTCDateTime><t:Time><t:Hour>{now.hour}</t:Hour><t:Minute>{now.minute}</t:Minute>"
            f"<t:Second>{now.second}</t:Second></t:Time><t:Date><t:Year>{now.year}</t:Year>"
            f"<t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day></t:Date></t:UTCDateTime>"
            "</d:SystemDateAndTime></d:GetSystemDateAndTimeResponse>"
        )

    def _information(self) -> str:
        return (
            f"<d:GetDeviceInformationResponse><d:Manufacturer>{self.manufacturer}</d:Manufacturer>"
            f"<d:Model>{self.model}</d:Model><d:FirmwareVersion>{self.firmware}</d:FirmwareVersion>"
            f"<d:SerialNumber>{self.serial}</d:SerialNumber><d:HardwareId>1</d:HardwareId></d:GetDeviceInformationResponse>"
        )

    def _interfaces(self) -> str:
        return (
            '<d:GetNetworkInterfacesResponse><d:NetworkInterfaces token="eth0"><t:Enabled>true</t:Enabled>'
            f"<t:Info><t:Name>eth0</t:Name><t:HwAddress>{self.mac}</t:HwAddress></t:Info>"
            "</d:NetworkInterfaces></d:GetNetworkInterfacesResponse>"
        )

    def _capabilities(self) -> str:
        if self.fault == "media2":
            return "<d:GetCapabilitiesResponse><d:Capabilities></d:Capabilities></d:GetCapabilitiesResponse>"
        # as behind NAT: the host is the device's own idea, only the path is right
        return (
            "<d:GetCapabilitiesResponse><d:Capabilities><t:Media>"
            "<t:XAddr>http://192.168.254.254/onvif/media_service</t:XAddr></t:Media></d:Capabilities>"
            "</d:GetCapabilitiesResponse>"
        )

    @staticmethod
    def _services() -> str:
        return (
            "<d:GetServicesResponse><d:Service><d:Namespace>http://www.onvif.org/ver20/media/wsdl</d:Namespace>"
            "<d:XAddr>http://192.168.254.254/onvif/media2_service</d:XAddr></d:Service></d:GetServicesResponse>"
        )

    def _profiles2(self) -> str:
        each = "".join(
            f'<n:Profiles xmlns:n="http://www.onvif.org/ver20/media/wsdl" token="p{number}"><n:Name>{name}</n:Name>'
            f'<n:Configurations><n:VideoEncoder token="e{number}" GovLength="50"><t:Name>e</t:Name>'
            "<t:Encoding>H265</t:Encoding><t:Resolution><t:Width>2560</t:Width><t:Height>1440</t:Height></t:Resolution>"
            '<t:RateControl ConstantBitRate="false"><t:FrameRateLimit>20.0</t:FrameRateLimit></t:RateControl>'
            "</n:VideoEncoder></n:Configurations></n:Profiles>"
            for number, (name, _) in enumerate(self.streams)
        )
        return f"<m:GetProfilesResponse>{each}</m:GetProfilesResponse>"

    def _profiles(self) -> str:
        if self.fault == "media2":
            return self._profiles2()
        each = "".join(
            f'<m:Profiles token="p{number}" fixed="true"><t:Name>{name}</t:Name>'
            f'<t:VideoEncoderConfiguration token="e{number}"><t:Name>e</t:Name><t:Encoding>H264</t:Encoding>'
            "<t:Resolution><t:Width>1920</t:Width><t:Height>1080</t:Height></t:Resolution>"
            "<t:RateControl><t:FrameRateLimit>25</t:FrameRateLimit></t:RateControl>"
            "</t:VideoEncoderConfiguration></m:Profiles>"
            for number, (name, _) in enumerate(self.streams)
        )
        return f"<m:GetProfilesResponse>{each}</m:GetProfilesResponse>"

    def _stream(self, operation: ET.Element) -> str:
        token = next(e.text or "" for e in operation.iter() if e.tag.endswith("}ProfileToken"))
        address = self.streams[int(token.removeprefix("p"))][1]
        path = "/" + address.split("/", 3)[3]
        uri = {
            "foreign-stream": f"rtsp://169.254.169.254{path}",
            "http-stream": f"http://{self.host}:{self.port}/x",
            "account-in-stream": address.replace("rtsp://", f"rtsp://{self.user}:{self.password}@").replace(" ", "%20"),
        }.get(self.fault, address)
        escaped = uri.replace("&", "&amp;")
        if self.fault == "media2":
            return f"<m:GetStreamUriResponse><m:Uri>{escaped}</m:Uri></m:GetStreamUriResponse>"
        return f"<m:GetStreamUriResponse><m:MediaUri><t:Uri>{escaped}</t:Uri></m:MediaUri></m:GetStreamUriResponse>"


class Announcer(asyncio.DatagramProtocol):
    """Answers WS-Discovery probes at an address: a ProbeMatch with the service addresses that it is given."""

    def __init__(self, xaddrs: str, *, prolog: str = "") -> None:
        self.xaddrs, self.prolog, self.probes = xaddrs, prolog, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer what is a Probe."""
        if b":Probe" not in data:
            return
        self.probes += 1
        answer = (
            f'<?xml version="1.0"?>{self.prolog}<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"'
            ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
            ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Body><d:ProbeMatches><d:ProbeMatch>'
            "<a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>"
            "<d:Types>dn:NetworkVideoTransmitter</d:Types>"
            "<d:Scopes>onvif://www.onvif.org/name/Hall%20camera onvif://www.onvif.org/hardware/DS-2CD</d:Scopes>"
            f"<d:XAddrs>{self.xaddrs}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
        )
        self.transport.sendto(answer.encode(), addr)  # type: ignore[attr-defined]
