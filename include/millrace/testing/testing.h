#pragma once

/// Everything a test of a pipeline needs: docs/testing.md. Link `Millrace::testing`.
#include "millrace/millrace.h"
#include "millrace/testing/harness.h"
#include "millrace/testing/test_cluster.h"
