/// How exports are sent to a receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// Protobuf over HTTP/1.1: `http/protobuf`. Receivers listen for it on port 4318.
    #[default]
    HttpProtobuf,
    /// gRPC over HTTP/2: `grpc`. Receivers listen for it on port 4317.
    Grpc,
}
