import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { claude } from '../../src/providers/claude.ts';
import type { ChildProblem, ExitReport, FinalReport } from '../../src/providers/provider.ts';

/** One recorded run of the real Claude Code against a stub model server. */
export interface ClaudeSample {
  /** `<version>/<case>`. */
  name: string;
  lines: readonly string[];
  exit: ExitReport;
}

const FOLDER = join(import.meta.dirname, '../fixtures/cli-samples');
const VERSIONS = ['2.1.328', '2.1.197'];
// 128 + HUP and TERM: only the recorder sent signals.
const ENDED_BY_RECORDER = [129, 143];

export function claudeSamples(): ClaudeSample[] {
  return VERSIONS.flatMap((version) => {
    const folder = join(FOLDER, `claude-${version}`);
    const files = readdirSync(folder);
    const cases = files
      .filter((file) => file.endsWith('.exit'))
      .map((file) => file.slice(0, -'.exit'.length));
    return cases.map((name) => {
      const { code, signal } = JSON.parse(readFileSync(join(folder, `${name}.exit`), 'utf8'));
      const stderrTail = files.includes(`${name}.stderr`)
        ? readFileSync(join(folder, `${name}.stderr`), 'utf8')
        : '';
      return {
        name: `${version}/${name}`,
        lines: readFileSync(join(folder, `${name}.jsonl`), 'utf8').split('\n'),
        exit: {
          exitCode: code,
          endedByUs: signal !== null || ENDED_BY_RECORDER.includes(code) || name.startsWith('sigint-'),
          stderrTail,
        },
      };
    });
  });
}

/** The last `final` that a fresh reader finds in `lines`. */
export function finalReportIn(lines: readonly string[]): FinalReport | undefined {
  const reader = claude.newReader();
  const reports = lines
    .flatMap((line) => reader.readLine(line))
    .flatMap((event) => (event.kind === 'final' ? [event.report] : []));
  return reports.at(-1);
}

export function problemOf({ lines, exit }: Pick<ClaudeSample, 'lines' | 'exit'>): ChildProblem | undefined {
  return claude.classifyEnd(finalReportIn(lines), exit);
}
