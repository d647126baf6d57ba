"""One CompleteMultipartUpload at a time. LocalStack 4.13 lets two for the same upload run side by side, and the second truncates
the object after the first has removed the parts: what is left is empty. S3 itself answers both with the whole object."""
import functools, threading

from localstack.runtime import hooks


@hooks.on_infra_start()
def serialize_completion():
    from localstack.services.s3.provider import S3Provider

    complete, lock = S3Provider.complete_multipart_upload, threading.Lock()

    @functools.wraps(complete)
    def one_at_a_time(*args, **kwargs):
        with lock:
            return complete(*args, **kwargs)

    S3Provider.complete_multipart_upload = one_at_a_time


@hooks.on_infra_start()
def own_storage():
    """Objects over 512 KB and parts of uploads are files in one folder of the machine, which a reset wipes: here it is the instance's own."""
    import os, tempfile

    from localstack.services.s3 import provider

    provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")
