import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { tempDir } from '../tests/support/temp-dir.ts';
import type { Bench } from './bench.ts';
import { gapsIn, MEGABYTE, peakMbIn, writeTimedAgent } from './timed-agent.ts';

const ITERATIONS = 20;

/** The loop that people write first: it runs an agent again and again until it says that it is done. */
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

/** The cost of the shortest loop that could work, for comparison with a worker. */
export const shellLoopBench: Bench = {
  name: 'shell-loop',
  title: 'A shell loop',
  about: `a shell loop of ${LOOP.trim().split('\n').length} lines with a cheap agent; it commits, but checks and keeps nothing else`,
  means: {
    gapMs: 'ms from the end of an agent to the start of the next',
    'peakMb#': 'peak MB of the shell while an agent prints # MB into a file',
  },
  async run() {
    const { gapMs } = await measure(ITERATIONS);
    const [few, many] = [await measure(2, 1), await measure(2, 200)];
    return { values: { gapMs, peakMb1: few.peakMb, peakMb200: many.peakMb }, goals: [] };
  },
};

async function measure(runs: number, printsMb?: number) {
  await using dir = await tempDir();
  const at = (name: string) => join(dir.path, name);
  await writeFile(at('loop.sh'), LOOP);
  await chmod(at('loop.sh'), 0o755);
  await writeFile(at('task.md'), 'Name the boats\n');
  const prints = printsMb && printsMb * MEGABYTE;
  await writeTimedAgent({
    dir: dir.path,
    runs,
    prints,
    continues: ':',
    ends: "echo '<promise>DONE</promise>'",
  });
  await runCommand('git', ['init', '-q', dir.path]);
  for (const [key, value] of [
    ['user.name', 'bench'],
    ['user.email', 'bench@example.invalid'],
  ] as const)
    await runCommand('git', ['-C', dir.path, 'config', key, value]);
  await runCommand('./loop.sh', [], { cwd: dir.path, timeoutMs: 60_000 });
  return { gapMs: await gapsIn(dir.path), peakMb: await peakMbIn(dir.path) };
}
