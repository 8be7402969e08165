import { claude } from '../../src/core/agents/claude/claude.ts';
import type { ChildProblem, FinalReport } from '../../src/core/agents/contract/events.ts';
import { type CliSample, cliSamples, lastReport, sampleProblem } from './cli-samples.ts';

const VERSIONS = ['2.1.328', '2.1.197'];

/** The recorded runs of the real Claude Code, each named `<version>/<case>`. */
export function claudeSamples(): CliSample[] {
  return VERSIONS.flatMap((version) =>
    cliSamples(`claude-${version}`).map((sample) => ({ ...sample, name: `${version}/${sample.name}` })),
  );
}

/** The last `final` that a new reader finds in `lines`. */
export function finalReportIn(lines: readonly string[]): FinalReport | undefined {
  return lastReport(claude, lines);
}

export function problemOf(run: Pick<CliSample, 'lines' | 'exit'>): ChildProblem | undefined {
  return sampleProblem(claude, run);
}
