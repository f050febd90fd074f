"""What can go wrong on the local network.

DevnetError
├── ToolMissing         a program that must be on the PATH is not, or is too old
├── PackagesMissing     the npm packages are not installed, or from another lock file
├── ServerFailed        a server did not come up; names its log
├── ServerStuck         a process would not end
├── RpcFailed           a server refused a call or did not answer
├── AddressUnreadable   IPFS_API_URL names no address that can be used
└── NetworkConflict     what is asked contradicts what is running or stored
"""


class DevnetError(Exception):
    """Anything the local network refuses; the message says what to do."""


class ToolMissing(DevnetError):
    """A program that must be on the PATH is not there, or is too old."""


class PackagesMissing(DevnetError):
    """The npm packages are not installed, or belong to another lock file."""


class ServerFailed(DevnetError):
    """A server did not come up."""


class ServerStuck(DevnetError):
    """A process did not end although it was killed."""


class RpcFailed(DevnetError):
    """A server refused a call or did not answer it."""


class AddressUnreadable(DevnetError):
    """An address of an IPFS API cannot be read."""


class NetworkConflict(DevnetError):
    """What is asked for contradicts what is running or stored."""
