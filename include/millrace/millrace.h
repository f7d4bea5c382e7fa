#pragma once

/// Everything a pipeline's author needs.
// clang-format off: the lowest first, as the compiler tells in front of a message how it came to the header
#include "millrace/base/time.h"
#include "millrace/state/ttl.h"
#include "millrace/io/record.h"
#include "millrace/operators/collector.h"
#include "millrace/operators/chain/chain.h"
#include "millrace/state/keyed_state.h"
#include "millrace/state/broadcast_state.h"
#include "millrace/operators/process_function.h"
#include "millrace/api/checks.h"
#include "millrace/api/keyed_stream.h"
#include "millrace/api/data_stream.h"
// clang-format on
#include "millrace/api/environment.h"
#include "millrace/connectors/csv_files.h"
#include "millrace/connectors/generator.h"
#include "millrace/connectors/host_sensors.h"
#include "millrace/connectors/json_files.h"
#include "millrace/connectors/text_files.h"
#include "millrace/operators/aggregators.h"
