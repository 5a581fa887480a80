import gzip
import tempfile
from pathlib import Path

from noukai import Noukai

folder = Path(tempfile.mkdtemp())
source = folder / "measurements.csv"
source.write_text("12.5,13.1,12.9\n" * 200_000)

with Noukai(api_key="nk_local_acme", org="acme", project="files") as client:
    job = client.flow("compress").job(parameters={"content": source.read_bytes()}, progress=True)
    result = job.wait(timeout_ms=120_000, progress=True)
    target = source.with_suffix(".csv.gz")
    target.write_bytes(result.output_as(bytes))

assert gzip.decompress(target.read_bytes()) == source.read_bytes()
print(source.stat().st_size, "bytes are", target.stat().st_size)
