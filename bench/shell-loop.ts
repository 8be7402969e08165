import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../src/base/processes/run-command.ts';
import { tempDir } from '../tests/support/temp-dir.ts';
import { type Bench, median, round } from './bench.ts';

const ITERATIONS = 20;

/** The loop that people write first: an agent again and again, until it says that it is done. */
const LOOP = `#!/bin/sh
i=0
while [ "$i" -lt "\${MAX:-50}" ]; do
  i=$((i + 1))
  echo "iteration $i" >> loop.log
  ./agent < task.md > out.txt 2>> loop.log || echo "agent failed: $?" >> loop.log
  git add -A
  git commit -q -m "iteration $i" || true
  if grep -q '<promise>DONE</promise>' out.txt; then
    echo "done after $i" >> loop.log
    exit 0
  fi
done
echo "not done after $i" >> loop.log
exit 1
`;

/** Notes when it begins and ends, and says that it is done after so many runs. */
const AGENT = `#!/bin/sh
date +%s%N >> times
n=$(($(cat count 2>/dev/null || echo 0) + 1))
echo "$n" > count
[ "$n" -lt ${ITERATIONS} ] || echo '<promise>DONE</promise>'
date +%s%N >> times
`;

/** What the shortest thing that could work costs: beside it stand what a worker takes and what it does for that. */
export const shellLoopBench: Bench = {
  name: 'shell-loop',
  about: `between two agents of a shell loop of ${LOOP.trim().split('\n').length} lines, which checks nothing and keeps nothing`,
  async run() {
    await using dir = await tempDir();
    const at = (name: string) => join(dir.path, name);
    await writeFile(at('loop.sh'), LOOP);
    await writeFile(at('agent'), AGENT);
    await writeFile(at('task.md'), 'Name the boats\n');
    for (const name of ['loop.sh', 'agent']) await chmod(at(name), 0o755);
    const identity = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.invalid'];
    await runCommand('git', ['init', '-q', dir.path]);
    for (const [key, value] of [
      ['user.name', 'bench'],
      ['user.email', 'bench@example.invalid'],
    ] as const)
      await runCommand('git', [...identity, '-C', dir.path, 'config', key, value]);
    await runCommand('./loop.sh', [], { cwd: dir.path, timeoutMs: 60_000 });
    const times = (await readFile(at('times'), 'utf8')).trim().split('\n').map(Number);
    const gaps = times.flatMap((end, index) =>
      index % 2 === 1 && index + 1 < times.length ? [((times[index + 1] ?? 0) - end) / 1e6] : [],
    );
    return { values: { iterations: times.length / 2, gapMs: round(median(gaps)) }, goals: [] };
  },
};
