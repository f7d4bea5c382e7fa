#pragma once

// A generated Protobuf header, as a user has one. What stands in it is no record without millrace/protobuf.h.

#include <google/protobuf/wrappers.pb.h>
