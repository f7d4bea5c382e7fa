// What is said of every mistake, and how the job ends: each runs as a process of its own.
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/bad_input/bad_input.h"

namespace millrace {
namespace {

TEST(Mistakes, Arguments) {
  const std::string number = "' is not a number from 1 to 4096";
  const Mistake kMistakes[] = {
      {"fine",
       2,
       "unknown argument '--paralelism': did you mean --parallelism?",
       {"--paralelism", "2"}},
      {"fine", 2, "unknown argument 'input.txt' (--help lists them)", {"input.txt"}},
      {"fine",
       2,
       "unknown argument '--isolated=yes': did you mean --isolated?",
       {"--isolated=yes"}},
      {"fine", 2, "unknown argument '--help=me': did you mean --help?", {"--help=me"}},
      {"fine", 2, "option --parallelism: '0" + number, {"--parallelism", "0"}},
      {"fine", 2, "option --parallelism: '-3" + number, {"--parallelism", "-3"}},
      {"fine", 2, "option --parallelism: 'two" + number, {"--parallelism=two"}},
      {"fine", 2, "option --parallelism: '2x" + number, {"--parallelism", "2x"}},
      {"fine", 2, "option --parallelism: '" + number, {"--parallelism="}},
      {"fine", 2, "option --parallelism: '4097" + number, {"--parallelism", "4097"}},
      {"fine",
       2,
       "option --parallelism: '99999999999999999999" + number,
       {"-p", "99999999999999999999"}},
      {"fine", 2, "option --parallelism needs a number", {"--parallelism"}},
      {"fine", 2, "unknown option -D memry: did you mean memory?", {"-D", "memry=1GiB"}},
      {"fine", 2, "unknown option -D  (--help lists them)", {"-D", "=5"}},
      {"fine", 2, "option -D memory: expected key=value", {"-Dmemory"}},
      {"fine", 2, "option -D needs key=value", {"-D"}},
      {"fine",
       2,
       "option -D memory: '1.5GiB' is not a size such as 512MiB or 2GiB",
       {"-D", "memory=1.5GiB"}},
      {"fine", 2, "option -D memory: '-1GiB' is not a size", {"-D", "memory=-1GiB"}},
      {"fine", 2, "option -D memory: '' is not a size", {"-D", "memory="}},
      {"fine",
       2,
       "option -D memory: '99999999999GiB' is not a size",
       {"-D", "memory=99999999999GiB"}},
      {"fine",
       2,
       "option -D memory: '1000' is less than the least that a job runs with, 1MiB",
       {"-D", "memory=1000"}},
      {"fine",
       2,
       "option -D driver=thread: the value is one of threads, seeded",
       {"-D", "driver=thread"}},
      {"fine",
       2,
       "option -D exchange=: the value is one of local, serialized",
       {"-D", "exchange="}},
      {"fine",
       2,
       "option -D seed: 'x' is not a number from 0 to 9223372036854775807",
       {"-D", "seed=x"}},
      {"fine",
       2,
       "option -D batch.rows: '0' is not a number from 1 to 65536",
       {"-D", "batch.rows=0"}},
      {"fine",
       2,
       "option -D log.level=loud: the value is one of debug, info, warn, error",
       {"-D", "log.level=loud"}},
      {"fine", 2, "option --explain=xml: ", {"--explain=xml"}},
      {"fine", 2, "option --metrics=xml: the format is text or json", {"--metrics=xml"}},
      {"fine", 2, "did you mean --parallelism?", {"--isolated", "--paralelism", "2"}},
  };
  for (const Mistake& m : kMistakes) Expect(m);
}

TEST(Mistakes, OptionsOfLaterVersions) {
  const Mistake kMistakes[] = {
      {"fine",
       2,
       "option -D state.backend=rocksdb: this version has no rocksdb yet",
       {"-D", "state.backend=rocksdb"}},
      {"fine",
       2,
       "option -D state.backend=disk: the value is one of heap",
       {"-D", "state.backend=disk"}},
      {"fine",
       2,
       "checkpoint.mode=exactly-once: the value is one of aligned, unaligned, at-least-once",
       {"-D", "checkpoint.mode=exactly-once"}},
  };
  for (const Mistake& m : kMistakes) Expect(m);
}

TEST(Mistakes, OfThePlan) {
  const std::string plan = ": plan the job: ";
  const Mistake kMistakes[] = {
      {"two operators of one name", 2,
       plan + "two operators are named 'numbers' (a source and a stateful operator)"},
      {"a source and a sink of one name", 2,
       plan + "two operators are named 'numbers' (a source and a sink)"},
      {"an empty name", 2, plan + "a source needs a name that is not empty"},
      {"a name that is not UTF-8", 2, plan + "the name of an operator, 'caf?', is not UTF-8"},
      {"two states of one name", 2, plan + "'twice' has two states named 'sum'"},
      {"no time to live", 2,
       plan + "'brief': state 'last': a time to live of 0 ms: it is at least 1 ms and at most "
              "10,000 years\n"},
      {"a negative time to live", 2, plan + "'brief': state 'last': a time to live of -5 ms: "},
      {"a time to live in event time without it", 2,
       plan + "'brief': state 'last': a time to live in event time, on a stream without: give the "
              "source a WatermarkStrategy with WithTimestamp\n"},
      {"a time to live in event time", 0, ""},
      {"an unknown side output", 2,
       plan + "operator 'numbers' has no side output 'rejected': it has none (a SideOutput member, "
              "SideOutputLate or MalformedTo makes one)"},
      {"another side output", 2,
       plan + "operator 'counts' has no side output 'lat': it has 'late'"},
      {"nothing to do", 2, plan + "nothing is to be done: no stream ends in a sink\n"},
      {"no sink", 2,
       plan + "nothing is to be done: no stream ends in a sink; nobody consumes the stream of "
              "source 'numbers': it is not part of the job"},
      {"parallelism 0", 2, plan + "'counts': parallelism 0 is not possible (allowed: 1 to 4096)"},
      {"parallelism 4097", 2,
       plan + "'numbers': parallelism 4097 is not possible (allowed: 1 to 4096)"},
      {"a stream moved after its use", 2,
       plan + "the stream of 'numbers' was moved after it had been used by its name (a branch, a "
              "side output): go on with it by its name, without std::move"},
      {"two parallelisms in one chain", 2,
       plan + "'numbers': parallelism 1 and 4 for steps that run in one loop: say it once, or put "
              "Rebalance() between"},
      {"parallelism -1 of the job", 2,
       plan + "parallelism -1 is not possible (allowed: 1 to 4096)"},
      {"forward to another parallelism", 2,
       plan + "Forward from 'numbers' (parallelism 1) to 'Map' (parallelism 2) needs equal "
              "parallelism: use Rebalance"},
      {"forward to a function of another parallelism", 2,
       plan + "Forward from 'numbers' (parallelism 1) to 'pass on' (parallelism 2) needs equal "
              "parallelism: use Rebalance"},
      {"a second job", 2,
       plan + "'first job' was executed from this environment, and its streams are still in it; a "
              "second job needs a StreamEnvironment of its own"},
      {"two sinks of one folder", 2,
       plan + "sinks 'all' and 'some' both write files 'out/numbers/part-N.jsonl': give each a "
              "folder of its own, or unite their streams"},
      {"a wrong option in the program", 2, "unknown option -D batch.row: did you mean batch.rows?"},
      {"keyed",
       2,
       "deploy the job: its 16777216 channels between subtasks need -D memory=",
       {"--parallelism", "4096"}},
      {"keyed",
       2,
       "MiB at least, and it is 1 MiB: raise it, or lower --parallelism",
       {"--parallelism", "16", "-D", "memory=1MiB"}},
  };
  for (const Mistake& m : kMistakes) Expect(m);
}

TEST(Mistakes, OfWindowsSourcesAndStrategies) {
  const std::string ages = " (allowed: 1 ms to 10,000 years, which are 315569520000000 ms)";
  const std::string plan = ": plan the job: ";
  const std::string counts = plan + "window operator 'counts': ";
  const Mistake kMistakes[] = {
      {"size 0", 2, counts + "the size is 0 ms" + ages},
      {"size -5", 2, counts + "the size is -5 ms" + ages},
      {"size for ever", 2, counts + "the size is 9223372036854775807 ms" + ages},
      {"slide -1", 2, counts + "the slide is -1 ms" + ages},
      {"slide 0", 2, counts + "the slide is 0 ms" + ages},
      {"offset far away", 2, counts + "the offset is -9223372036854775808 ms"},
      {"gap 0", 2, counts + "the gap of a session is 0 ms" + ages},
      {"gap for ever", 2, counts + "the gap of a session is 9223372036854775807 ms" + ages},
      {"count 0", 2, counts + "a count window needs a count of at least 1"},
      {"lateness -1", 2, counts + "the allowed lateness is -1 ms: it must be 0 or more"},
      {"windows without event time", 2,
       plan + "'counts': event-time windows need records with event time"},
      {"top 0", 2, plan + "'best': TopK keeps 1 to 1000000 records, not 0"},
      {"out-of-orderness -1", 2,
       plan + "'numbers': the out-of-orderness of its watermarks is -1 ms: it must be 0 or more"},
      {"idleness 0", 2, plan + "'numbers': WithIdleness takes a time of 1 ms to 10,000 years"},
      {"rate 0", 2,
       plan + "'made': Rate(0.000000): a rate is 0.000001 to 1000000000 records a second"},
      {"rate -5", 2, plan + "'made': Rate(-5.000000): a rate is"},
      {"rate nan", 2, plan + "'made': Rate(nan): a rate is"},
      {"records -1", 2, plan + "'made': Count(-1): a number of records is 0 or more"},
      {"splits 0", 2, plan + "'made': Splits(0): allowed are 1 to 1048576"},
      {"sensors every 0 ms", 2,
       plan + "'made': HostSensors: the interval is 0 ms (allowed: 1 ms to a day)"},
      {"no paths", 2, plan + "'made': TextLines: no path is given"},
      {"delimiter is quote", 2,
       plan + "'made': CsvOptions: delimiter and quote must be two different characters"},
  };
  for (const Mistake& m : kMistakes) Expect(m);
  for (const char* legal : {"fine", "keyed", "lateness for ever"}) Expect({legal, 0, ""});
}

TEST(Mistakes, StreamsThatNobodyConsumesAreWarnedOf) {
  for (const std::string argument : {"--metrics", "--explain", "--isolated"}) {
    SCOPED_TRACE(argument);
    for (const char* mode : {"a stream nobody consumes", "only the side is consumed"}) {
      BadJob job(mode, {argument});
      EXPECT_EQ(job.End(), 0) << job.said();
      const std::string& text = argument == "--explain" ? job.printed() : job.said();
      const auto count = [&text](const std::string& warning) {
        std::size_t found = 0;
        for (std::size_t at = 0; (at = text.find("warning: " + warning, at)) != std::string::npos;
             ++at)
          ++found;
        return found;
      };
      const bool side = std::string(mode) == "only the side is consumed";
      EXPECT_EQ(count("nobody consumes the stream of operator 'counts': it runs, and the records "
                      "that it emits are dropped"),
                side ? 1u : 0u)
          << text;
      EXPECT_EQ(count("nobody consumes the stream of source 'others': it is not part of the job"),
                side ? 0u : 1u)
          << text;
      EXPECT_EQ(count("nobody consumes the stream of step 'Filter' behind 'numbers': it is not "
                      "part of the job"),
                side ? 0u : 1u)
          << text;
      EXPECT_EQ(count("nobody consumes the stream of step 'rebalance' behind 'Map'"),
                side ? 0u : 1u)
          << text;
    }
  }
}

/// What is said of user code of an operator that throws.
std::string At(const std::string& op, const std::string& rest) {
  return "job 'bad' failed: operator '" + op + "', subtask 0: " + rest + "\n";
}
const std::string kThrown = "std::runtime_error: no sevens in ";

TEST(Mistakes, OfStepsSourcesAndSinks) {
  const std::string kTaken = kThrown +
                             "step 'Map', what is left of the record that it took by value: {id: "
                             "\"\", time: 7, value: 2}";
  const Mistake kMistakes[] = {
      {"map", 1, At("numbers", kThrown + "step 'halve', record 7")},
      {"filter with a name", 1, At("numbers", kThrown + "step 'few', record 7")},
      {"flat map with a name", 1, At("many", kThrown + "step 'many', record 7")},
      {"filter", 1, At("numbers", kThrown + "step 'Filter', record 7")},
      {"flat map", 1, At("numbers", kThrown + "step 'FlatMap', record 7")},
      {"not an exception", 1, At("numbers", "int (not a std::exception) in step 'Map', record 7")},
      {"a long record", 1,
       At("texts",
          "std::runtime_error: no texts in step 'Map', record " + std::string(993, 'x') + "...")},
      {"map that takes a text", 1, At("readings", kTaken)},
      {"map that takes anything", 1, At("readings", kTaken)},
      {"map that looks at a text", 1,
       At("readings", kThrown + "step 'Map', record {id: \"x\", time: 7, value: 2}")},
      {"behind a named stream", 1, At("halve", kThrown + "step 'halve', record 7")},
      {"key", 1, At("numbers", kThrown + "step 'KeyBy', record 7")},
      {"nan as a key", 1,
       At("doubles",
          "key a record: the key is NaN or has a NaN in it, which equals no key, not even itself; "
          "filter such records or map them to another value before KeyBy in step 'KeyBy', record "
          "nan")},
      {"partitioner", 1, At("numbers", kThrown + "step 'PartitionCustom', record 7")},
      {"partitioner out of range", 1,
       At("numbers",
          "std::out_of_range: the partitioner chose target 1 of 1 (allowed: 0 to 0) in step "
          "'PartitionCustom', record 1")},
      {"timestamp", 1, At("numbers", kThrown + "step 'timestamps and watermarks', record 7")},
      {"timestamp in mid-stream", 1,
       At("timestamps", kThrown + "step 'timestamps and watermarks', record 7")},
      {"watermark generator", 1,
       At("numbers", kThrown + "step 'timestamps and watermarks', record 7")},
      {"source enumerator", 1,
       "job 'bad' failed: deploy the job: source 'wrong': std::runtime_error: the catalog is "
       "closed\n"},
      {"source split", 1,
       At("wrong",
          "std::runtime_error: the file is locked in the source's OpenSplit, split {index: 0, "
          "next: 0, end: 10}")},
      {"source split that does not read back", 1,
       At("wrong",
          "a split of the source does not decode: its RecordCodec does not read what it has "
          "written")},
      {"source reader", 1,
       At("wrong",
          "std::runtime_error: the line is dead in the source's reader, split {index: 0, next: 7, "
          "end: 10}")},
      {"sink writer", 1,
       At("numbers", "std::runtime_error: the shop is closed for writers in sink 'shop'")},
      {"sink write", 1,
       At("numbers", "std::runtime_error: the shop is closed for writes in step 'shop', record 7")},
      {"sink flush", 1,
       At("numbers", "std::runtime_error: the shop is closed for flushes in sink 'shop'")},
      {"sink prepare", 1,
       At("numbers", "std::runtime_error: the shop is closed for preparations in sink 'shop'")},
      {"sink commit", 1,
       At("numbers", "std::runtime_error: the shop is closed for commits in sink 'shop'")},
      {"sink close", 1,
       At("numbers", "std::runtime_error: the shop is closed for closing in sink 'shop'")},
  };
  for (const Mistake& m : kMistakes) Expect(m);
  Expect({"source without splits",
          0,
          "warning operator 'empty', subtask 1: the source's enumerator had no split for any "
          "subtask: nothing is read\n",
          {"--parallelism=2", "-D", "driver=seeded", "-D", "seed=1"}});
  BadJob end("source goes on after its end", {});
  EXPECT_EQ(end.End(), 0) << end.said();
  EXPECT_EQ(end.printed(), "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
}

TEST(Mistakes, AFailedTaskIsClosedToItsEnd) {
  BadJob job("close after a failure", {});
  EXPECT_EQ(job.End(), 1) << job.said();
  EXPECT_EQ(job.printed(), "the sink is closed\n");
}

TEST(Mistakes, OfStatefulOperators) {
  const std::string second = "window [1970-01-01T00:00:00.005Z, 1970-01-01T00:00:00.010Z) of key 1";
  const std::string nokey =
      "std::logic_error: keyed state was used, or a timer registered, where there is no key at "
      "hand: only ProcessElement and OnTimer have one, not Open, Close or ProcessBroadcastElement "
      "in ";
  const Mistake kMistakes[] = {
      {"reduce", 1, At("folded", kThrown + "step 'folded', record 7")},
      {"create", 1, At("sums", kThrown + "Create of 'sums'")},
      {"add", 1, At("sums", kThrown + "step 'sums', record 7")},
      {"result", 1, At("sums", kThrown + "step 'sums', the result of key 1")},
      {"window add", 1, At("sums", kThrown + "step 'sums', record 7")},
      {"window result", 1,
       At("sums",
          kThrown +
              "step 'sums', window [1970-01-01T00:00:00.000Z, 1970-01-01T00:00:00.005Z) of key 1")},
      {"count window add", 1, At("sums", kThrown + "step 'sums', record 7")},
      {"sliding merge", 1, At("sums", kThrown + "step 'sums', merging accumulator 5 into 1")},
      {"sliding subtract", 1,
       At("sums", kThrown + "step 'sums', subtracting accumulator 1 from 6")},
      {"session merge", 1, At("sums", kThrown + "step 'sums', merging accumulator 11 into 1")},
      {"window function", 1, At("shaped", kThrown + "step 'shaped', " + second)},
      {"process windows", 1, At("seen", kThrown + "step 'seen', " + second)},
      {"process element", 1, At("fn", kThrown + "step 'fn', record 7")},
      {"event timer", 1,
       At("fn", kThrown + "step 'fn', timer of key 7, due at 1970-01-01T00:00:00.008Z")},
      {"processing timer", 1, At("fn", kThrown + "step 'fn', timer of key 7, due at -inf")},
      {"open", 1, At("fn", kThrown + "Open of 'fn'")},
      {"close", 1, At("fn", kThrown + "Close of 'fn'")},
      {"close after a failure", 1, At("fn", kThrown + "step 'fn', record 7")},
      {"close after a failure", 1,
       "warning operator 'fn', subtask 0: " + kThrown + "Close of 'fn'\n"},
      {"emit in close", 1,
       At("fn",
          "std::logic_error: a record was emitted to a side output in Close, when the outputs have "
          "ended; emit it in a timer at EventTime::Max(), which fires at the end of input in Close "
          "of 'fn'")},
      {"read in open", 1, At("fn", nokey + "Open of 'fn'")},
      {"read in close", 1, At("fn", nokey + "Close of 'fn'")},
      {"state in open", 1, At("fn", nokey + "Open of 'fn'")},
      {"state in close", 1, At("fn", nokey + "Close of 'fn'")},
      {"timer without OnTimer", 1,
       At("fn",
          "std::logic_error: a timer was registered, but the function has no OnTimer(EventTime, "
          "Context&, Collector&) in step 'fn', record 1")},
      {"timer without event time", 1,
       At("fn",
          "std::logic_error: an event-time timer was registered on a stream without event time: "
          "give the source (or AssignTimestampsAndWatermarks) a WatermarkStrategy with "
          "WithTimestamp in step 'fn', record 1")},
      {"plain process", 1, At("fn", kThrown + "step 'fn', record 7")},
  };
  for (const Mistake& m : kMistakes) Expect(m);
  for (const char* mode :
       {"timer at the end of time", "timer far away", "timer at the end without event time"}) {
    BadJob timers(mode, {});
    EXPECT_EQ(timers.End(), 0) << timers.said();
    EXPECT_EQ(timers.printed().size(), 21u)
        << timers.printed();  // each fires once, at the end of input
  }
}

TEST(Mistakes, AreSaidTheSameUnderEverySetting) {
  // Under the other settings the place is the same; which subtask it is depends on the key.
  for (const char* option : {"driver=seeded", "exchange=serialized"}) {
    Expect({"window add", 1, kThrown + "step 'sums', record 7", {"-D", option, "-p", "3"}});
    Expect({"process element", 1, kThrown + "step 'fn', record 7", {"-D", option, "-p", "3"}});
    Expect({"sink write",
            1,
            "closed for writes in step 'shop', record 7",
            {"-D", option, "-p", "3", "--isolated"}});
  }
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "millrace-bad-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    chmod((folder_ + "/locked").c_str(), 0700);
    std::filesystem::remove_all(folder_);
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  std::string folder_;
};

TEST_F(Files, ThatCantBeRead) {
  const std::string deploy = "job 'bad' failed: deploy the job: source 'lines': ";
  const std::string nothing = folder_ + "/nothing";
  Expect({"text", 1, deploy + "read input file '" + nothing + "': No such file or directory\n"},
         nothing);
  Expect({"text", 1, deploy + "read input file '': No such file or directory\n"}, "");
  std::filesystem::create_directory(folder_ + "/empty");
  Expect({"text", 1, deploy + "read input folder '" + folder_ + "/empty': there is no file in it"},
         folder_ + "/empty");
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Expect({"text", 1, deploy + "read input file '" + pipe + "': it is no regular file\n"}, pipe);
  const std::string file = Write("file", "a\n");
  Expect({"text", 1, deploy + "read input file '" + file + "/below': Not a directory\n"},
         file + "/below");
  if (geteuid() != 0) {  // root may read everything
    const std::string locked = Write("locked", "a\n");
    chmod(locked.c_str(), 0);
    Expect({"text", 1, deploy + "read input file '" + locked + "': Permission denied\n"}, locked);
  }
}

TEST_F(Files, ThatHoldSomethingElse) {
  const std::string failed = "job 'bad' failed: operator 'readings', subtask 0: read input file '";
  const std::string csv = Write("a.csv", "id,tiem,value\na,1,2\n");
  Expect({"csv", 1,
          failed + csv +
              "', line 1, column 4: the record Reading has no field 'tiem' (did you mean 'time'?), "
              "in: id,tiem,value\n"},
         csv);
  const std::string number = Write("b.csv", "id,time,value\na,noon,2\n");
  Expect({"csv", 1,
          failed + number +
              "', line 2, column 3: field 'time': 'noon' is not an integer, in: a,noon,2\n"},
         number);
  const std::string json = Write("a.jsonl", "{\"id\": \"a\", \"time\": 1, \"valeu\": 2}\n");
  Expect({"json", 1,
          failed + json +
              "', line 1, column 24: the record Reading has no field 'valeu' (did you mean "
              "'value'?), in: "},
         json);
  const std::string text = Write("b.jsonl", "no json\n");
  Expect({"json", 1, failed + text + "', line 1, column 1: "}, text);
}

TEST_F(Files, ThatCantBeWritten) {
  const std::string failed = "job 'bad' failed: operator '";
  const std::string file = Write("file", "a\n");
  Expect({"write text", 1,
          failed + "numbers', subtask 0: make output folder: create folder '" + file +
              "': Not a directory in sink 'files'\n"},
         file);
  Expect({"write windows",
          1,
          failed + "counts', subtask 0: make output folder: create folder '" + file +
              "': Not a directory in sink 'files'\n",
          {"--metrics"}},
         file);
  Expect({"write csv", 1,
          failed + "readings', subtask 0: make output folder: create folder '" + file +
              "/below': Not a directory in sink 'files'\n"},
         file + "/below");
  Expect({"write json that is not UTF-8", 1,
          "a text that is not UTF-8 has no form in JSON in step 'files', record "},
         folder_ + "/out");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/out/part-0.jsonl"));
  if (geteuid() != 0) {
    std::filesystem::create_directory(folder_ + "/locked");
    chmod((folder_ + "/locked").c_str(), 0500);
    Expect({"write text", 1, "Permission denied in sink 'files'\n"}, folder_ + "/locked/out");
  }
  Expect({"print", 1, "No space left on device"}, "", "/dev/full");
  Expect({"print much", 1, "No space left on device"}, "", "/dev/full");
}

TEST_F(Files, OfAFailedJobAreNotThere) {
  for (const char* driver : {"driver=threads", "driver=seeded"}) {
    Expect({"one subtask fails", 1, "the last one", {"-p", "2", "-D", driver}}, folder_ + "/out");
    for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/out"))
      EXPECT_EQ(entry.path().filename().string().front(), '.') << "looks complete: " << entry;
  }
}

TEST_F(Files, MalformedLinesBeforeAnyRecordHaveATime) {
  BadJob job("malformed line in a window", {}, Write("a.csv", "id,time,value\na,noon,2\nb,5,2\n"));
  EXPECT_EQ(job.End(), 0) << job.said();
  EXPECT_NE(job.printed().find("value: 1}"), std::string::npos) << job.printed();
}

TEST(Printing, LinesOfSubtasksStayWholeInAPipe) {
  BadJob job("print much", {"-p", "3"});
  EXPECT_EQ(job.End(), 0) << job.said();
  std::istringstream lines(job.printed());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const bool whole = line.size() > 3 && line.size() < 10 && line.substr(1, 2) == "> " &&
                       line.find_first_not_of("0123456789", 3) == std::string::npos;
    ASSERT_TRUE(whole) << "line " << count << ": " << line;
  }
  EXPECT_EQ(count, 1000000U);
}

TEST(Times, BeforeTheEpochAreAsGoodAsOthers) {
  const std::pair<const char*, const char*> kWindows[] = {
      {"tumbling around zero", "-20 -10 1\n-10 0 2\n0 10 3\n10 20 1\n"},
      {"tumbling with offset", "-17 -7 2\n-7 3 3\n3 13 2\n"},
      {"sliding around zero", "-20 -10 1\n-15 -5 2\n-10 0 2\n-5 5 3\n0 10 3\n5 15 2\n10 20 1\n"},
      {"slide over size", "-10 -5 1\n0 5 2\n10 15 1\n"},
      {"sessions around zero", "-11 -6 2\n-1 5 3\n9 14 2\n"},
      {"years 1 and 9999",
       "-62135596800000 -62135596799000 1\n253402300799000 253402300800000 1\n"},
      {"int64 max ns", "0 10 1\n9223372036850 9223372036860 1\n"},
      {"the longest window", "-315569520000000 0 1\n0 315569520000000 1\n"},
      {"the longest gap and bound", "-62135596800000 568971820799999 2\n"},
      {"the longest idleness", ""},
  };
  for (const auto& [mode, windows] : kWindows) {
    SCOPED_TRACE(mode);
    for (const char* driver : {"driver=threads", "driver=seeded"}) {
      BadJob job(mode, {"-D", driver});
      EXPECT_EQ(job.End(), 0) << job.said();
      EXPECT_EQ(job.printed(), windows);
    }
  }
}

TEST(Times, FarAwayAreRefused) {
  const auto bad = [](const std::string& time, const std::string& record) {
    const std::string why = time.starts_with("-inf")
                                ? ": does the WatermarkStrategy lack WithTimestamp, or is the unit "
                                  "of the timestamp wrong?"
                                : ": is the unit of the timestamp right?";
    return "operator 'stamps', subtask 0: std::out_of_range: event time " + time + why +
           " in step 'timestamps and watermarks', record "
           "{time: " +
           record + "}\n";
  };
  const auto none = [](const std::string& time, const std::string& why, const std::string& record) {
    return "operator 'counts', subtask 0: std::out_of_range: event time " + time +
           " is in no window: " + why + " in step 'counts', record {time: " + record + "}\n";
  };
  const std::string most = "9223372036854775807", least = "-9223372036854775808";
  const std::string years = "times are those of the years 1 to 9999";
  const Mistake kMistakes[] = {
      {"int64 max ms", 1, bad("+inf is after the year 9999", most)},
      {"int64 min ms", 1, bad("-inf is before the year 1", least)},
      {"int64 max s", 1, bad("+inf is after the year 9999", most)},
      {"int64 min s", 1, bad("-inf is before the year 1", least)},
      {"int64 max us", 1, bad("9223372036854775 ms is after the year 9999", most)},
      {"us as ms", 1, bad("1700000000000000 ms is after the year 9999", "1700000000000000")},
      {"uint64 max ns", 1, bad("+inf is after the year 9999", "18446744073709551615")},
      {"emit at the end of time", 1, none("+inf", years, "5")},
      {"emit near the end of time, sliding", 1, none("9223372036854775804 ms", years, "5")},
      {"emit near the end of time, sessions", 1, none("9223372036854775804 ms", years, "5")},
      {"emit near the beginning of time", 1, none("-9223372036854775805 ms", years, "5")},
      {"union with a stream without times", 1,
       none("-inf", "the record has none; give its source a WatermarkStrategy with WithTimestamp",
            "7")},
  };
  for (const Mistake& m : kMistakes) Expect(m);
}

}  // namespace
}  // namespace millrace
