import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProblem, FinalReport } from '../../src/core/agents/contract/events.ts';
import type { ExitReport, Provider } from '../../src/core/agents/contract/provider.ts';

/** One recorded run of a real CLI against a stub model server. */
export interface CliSample {
  name: string;
  lines: readonly string[];
  exit: ExitReport;
}

const FOLDER = join(import.meta.dirname, '../fixtures/cli-samples');

/** The recordings of one version: `NAME.jsonl`, `NAME.exit` and, if it failed, `NAME.stderr`. */
export function cliSamples(version: string): CliSample[] {
  const folder = join(FOLDER, version);
  const files = readdirSync(folder);
  const textOf = (file: string) => (files.includes(file) ? readFileSync(join(folder, file), 'utf8') : '');
  return files
    .filter((file) => file.endsWith('.exit'))
    .map((file) => {
      const name = file.slice(0, -'.exit'.length);
      const { code } = JSON.parse(textOf(file));
      return {
        name,
        lines: textOf(`${name}.jsonl`).split('\n'),
        exit: { exitCode: code, stderrTail: textOf(`${name}.stderr`) },
      };
    });
}

/** The last `final` that a new reader finds in `lines`. */
export function lastReport(provider: Provider, lines: readonly string[]): FinalReport | undefined {
  const reader = provider.newReader();
  return lines
    .flatMap((line) => reader.readLine(line))
    .flatMap((event) => (event.kind === 'final' ? [event.report] : []))
    .at(-1);
}

export function sampleProblem(
  provider: Provider,
  { lines, exit }: Pick<CliSample, 'lines' | 'exit'>,
): ChildProblem | undefined {
  return provider.classifyEnd(lastReport(provider, lines), exit);
}

/** The beginning of a shell script that plays an agent CLI: it starts, and it is logged in. */
export const CLI_ANSWERS = 'case "$1" in --version | auth | login) exit 0 ;; esac\n';
