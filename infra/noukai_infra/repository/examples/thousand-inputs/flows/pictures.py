from noukai.flow import flow


@flow(memory=256, batch=10, timeout=5)
def caption(message: str) -> str:
    return message.title()


@flow(memory=3008, ephemeral_storage=2048, concurrency=4, timeout=300)
def thumbnails(message: str) -> list[str]:
    return [f"{message}-{width}.webp" for width in (320, 640)]
