"""One Node.js process that runs a function's handler: the warm environment of one invocation at a time."""

import os
import selectors
import signal
import socket
import struct
import subprocess
import threading
import time

HEADER = struct.Struct(">I")


class Ended(Exception):
    """The process is gone; `how` says it as AWS does."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class FunctionProcess:
    """Frames go over a socket: a length of four bytes, then that many bytes. Logs come over a pipe.

    One thread talks to the process and reads its logs in the same loop: what the handler wrote before it answered is
    in the pipe before the answer is in the socket, so no line is late and none is lost. Any thread may `kill` it.
    """

    def __init__(self, command, cwd, env):
        ours, theirs = socket.socketpair()
        with theirs:
            fd = theirs.fileno()
            self.process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env | {"MILLRACE_CHANNEL_FD": str(fd)},
                pass_fds=[fd],
                # A group of its own, so that what the handler starts dies with it; but LocalStack's session, so that who
                # stops LocalStack finds it.
                process_group=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        self.socket, self.pipe = ours, self.process.stdout.fileno()
        self.exit = os.pidfd_open(self.process.pid)
        ours.setblocking(False)
        os.set_blocking(self.pipe, False)
        self.inbox, self.log, self.frozen = bytearray(), bytearray(), False
        self.talking = threading.Lock()

    def exchange(self, frames, seconds):
        """Sends the frames and gives the next frame that comes back; raises Ended or TimeoutError."""
        with self.talking:
            outbox = bytearray(b"".join(HEADER.pack(len(frame)) + frame for frame in frames))
            deadline = time.monotonic() + seconds
            with selectors.DefaultSelector() as selector:
                for readable in (self.socket, self.pipe, self.exit):
                    selector.register(readable, selectors.EVENT_READ)
                while True:
                    if (frame := self._take_frame()) is not None:
                        self._read_logs()
                        return frame
                    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if outbox else 0)
                    selector.modify(self.socket, events)
                    ready = {key.fileobj for key, _ in selector.select(max(0, deadline - time.monotonic()))}
                    if self.pipe in ready and not self._read_logs():
                        selector.unregister(self.pipe)
                    if self.socket in ready:
                        self._send(outbox)
                        open_ = self._receive()
                    if self.exit in ready or (self.socket in ready and not open_):
                        self._receive()
                        if (frame := self._take_frame()) is not None:
                            return frame
                        raise Ended(self._how_it_ended())
                    if time.monotonic() >= deadline:
                        raise TimeoutError

    def _send(self, outbox):
        try:
            while outbox:
                del outbox[: self.socket.send(outbox[: 1 << 18])]
        except BlockingIOError:
            pass
        except OSError:
            outbox.clear()  # it is gone, which the next read tells

    def _receive(self):
        try:
            while chunk := self.socket.recv(1 << 20):
                self.inbox += chunk
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _take_frame(self):
        if len(self.inbox) < HEADER.size:
            return None
        end = HEADER.size + HEADER.unpack_from(self.inbox)[0]
        if len(self.inbox) < end:
            return None
        frame = bytes(self.inbox[HEADER.size : end])
        del self.inbox[:end]
        return frame

    def _read_logs(self):
        """Reads what is in the pipe; False at its end."""
        try:
            while chunk := os.read(self.pipe, 1 << 16):
                self.log += chunk
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _how_it_ended(self):
        self._kill_group()
        code = self.process.wait()
        self._read_logs()
        if code < 0:
            return f"signal: {signal.strsignal(-code).lower()}"
        return f"exit status {code}"

    def take_logs(self):
        """What has been logged since the last time."""
        if not self.process.stdout.closed:
            self._read_logs()
        text = self.log.decode("utf-8", "replace")
        self.log.clear()
        return text if not text or text.endswith("\n") else text + "\n"

    def freeze(self):
        """Between two invocations an environment of AWS Lambda does not run: no timer fires, nothing goes on behind."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        self._signal(signal.SIGCONT)
        self.frozen = False

    def has_ended(self):
        return self.process.poll() is not None

    def _signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def _kill_group(self):
        self._signal(signal.SIGKILL)

    def kill(self):
        """From any thread; a running exchange ends with Ended."""
        self._kill_group()
        self.process.wait()
        with self.talking:
            if self.exit is not None:
                os.close(self.exit)
                self.exit = None
                self.socket.close()
                self.process.stdout.close()
