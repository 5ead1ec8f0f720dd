"""Signs requests with AWS Signature Version 4, in as few lines as that takes: not our own code, to test ours."""
import datetime
import hashlib
import hmac


def signer(key_id, secret, region="eu-central-1", age_seconds=0, host="galliard"):
    """For Connection.call()."""
    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    def sign(headers, body):
        now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age_seconds)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        scope = "%s/%s/states/aws4_request" % (stamp[:8], region)
        headers["X-Amz-Date"] = stamp
        signed = {"host": host, **{name.lower(): value for name, value in headers.items()}}
        names = ";".join(sorted(signed))
        canonical = "POST\n/\n\n%s\n%s\n%s" % ("".join("%s:%s\n" % (name, signed[name]) for name in sorted(signed)),
                                              names, hashlib.sha256(body).hexdigest())
        text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (stamp, scope, hashlib.sha256(canonical.encode()).hexdigest())
        key = ("AWS4" + secret).encode()
        for part in scope.split("/"):
            key = mac(key, part)
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            key_id, scope, names, mac(key, text).hex())
    return sign
