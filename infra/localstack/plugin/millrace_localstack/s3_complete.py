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
