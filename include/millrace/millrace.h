#pragma once

/// Everything a pipeline's author needs.
#include "millrace/api/environment.h"
#include "millrace/connectors/csv_files.h"
#include "millrace/connectors/generator.h"
#include "millrace/connectors/host_sensors.h"
#include "millrace/connectors/json_files.h"
#include "millrace/connectors/text_files.h"
#include "millrace/operators/aggregators.h"
