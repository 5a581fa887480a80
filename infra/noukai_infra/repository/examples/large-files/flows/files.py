import gzip

from noukai.flow import flow


@flow(memory=2048, timeout=300)
def compress(content: bytes) -> bytes:
    return gzip.compress(content)
