"""What the tests know of a server that speaks S3."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class S3:
    """Its address and who may do all; buckets are made by `new_bucket`."""

    endpoint: str
    key: str
    secret: str
    region: str = "us-east-1"

    @property
    def env(self) -> dict[str, str]:
        """The variables that every S3 program reads."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self):
        """A client of botocore's: what artnb itself does is not its own witness."""
        import botocore.session
        from botocore.config import Config

        return botocore.session.Session().create_client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            region_name=self.region,
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_bucket(self, name: str) -> str:
        self.client().create_bucket(Bucket=name)
        return name

    def new_place(self, name: str) -> str:
        return f"s3://{self.new_bucket(name)}/team"

    def drop(self, name: str) -> None:
        """Delete an empty bucket."""
        self.client().delete_bucket(Bucket=name)
