# What daypass uses of truststore, which is installed on macOS and Windows alone.
import ssl

class SSLContext(ssl.SSLContext): ...
