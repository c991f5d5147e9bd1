"""A mail server on this machine that keeps what it gets: aiosmtpd, with the mailboxes of a test.

    python3 smtp-server.py SETTINGS

SETTINGS is JSON: port, folder (gets a file for each mail), and as a test needs them certificate and key with tls ("starttls" or
"implicit"), user and password, unknown (addresses without a mailbox), greylisted (refused at first), mails_per_connection, idle_seconds,
utf8 (false for a server without SMTPUTF8). Says "listening", and ends when standard input does, which the death of the test closes too.
"""
import asyncio
import json
import logging
import os
import ssl
import sys
import threading
import uuid

from aiosmtpd.smtp import SMTP, AuthResult

settings = json.loads(sys.argv[1])
folder = settings["folder"]


class Mailboxes:
    """Takes the mails of one connection."""

    def __init__(self):
        self.connection = uuid.uuid4().hex
        self.mails = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mails == settings.get("mails_per_connection"):
            await server.push("421 4.7.0 That is enough for one connection")
            server.transport.close()
            raise asyncio.CancelledError
        self.mails += 1
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in settings.get("unknown", []):
            return f"550-5.1.1 <{address}>\r\n550 5.1.1 There is no such mailbox here"
        if address in settings.get("greylisted", []):
            mark = os.path.join(folder, "seen-" + address)
            if not os.path.exists(mark):
                open(mark, "x").close()
                return "451 4.7.1 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        about = {
            "X-Envelope-From": envelope.mail_from,
            "X-Envelope-To": ",".join(envelope.rcpt_tos),
            "X-Connection": self.connection,
            "X-Encrypted": "yes" if server.transport.get_extra_info("ssl_object") else "no",
            "X-Login": session.auth_data or "",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in about.items())
        name = os.path.join(folder, uuid.uuid4().hex)
        with open(name + ".tmp", "xb") as file:
            file.write(head.encode() + envelope.original_content)
        os.rename(name + ".tmp", name + ".eml")
        return "250 2.0.0 Kept"


def login(server, session, envelope, mechanism, data):
    if (data.login, data.password) == (settings["user"].encode(), settings["password"].encode()):
        return AuthResult(success=True, auth_data=data.login.decode())
    return AuthResult(success=False, handled=False)


def connection():
    options = {"enable_SMTPUTF8": settings.get("utf8", True), "timeout": settings.get("idle_seconds", 300)}
    if settings.get("tls") == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if "user" in settings:
        # aiosmtpd takes a connection with TLS from the first byte for one without.
        is_told = settings.get("tls") == "starttls"
        options |= {"authenticator": login, "auth_required": is_told, "auth_require_tls": is_told}
    return SMTP(Mailboxes(), hostname="localhost", **options)


def end_with_standard_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


async def main():
    implicit = context if settings.get("tls") == "implicit" else None
    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", settings["port"], ssl=implicit)
    print("listening", flush=True)
    await server.serve_forever()


logging.getLogger("mail.log").setLevel(logging.ERROR)
context = None
if "certificate" in settings:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings["certificate"], settings["key"])
threading.Thread(target=end_with_standard_input, daemon=True).start()
asyncio.run(main())
