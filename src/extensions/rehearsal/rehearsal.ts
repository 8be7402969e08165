import { newClaudeReader } from '../../core/agents/claude/claude-stream.ts';
import type { ChildProblem, FinalReport } from '../../core/agents/contract/events.ts';
import type { ExitReport, Provider } from '../../core/agents/contract/provider.ts';

/** The bundled agent, which needs no login and no network; `cliPath` is its built file. */
export const rehearsal = {
  name: 'rehearsal',
  title: 'the rehearsal agent',
  defaultCommand: 'samocode-rehearsal',
  credentials: [],
  prices: {},
  markers: [],
  buildCommand({ cliPath, promptPath, childUuid, scenarioPath, env, nodePath }) {
    return {
      file: nodePath,
      args: [cliPath, '-p', '--output-format', 'stream-json', '--verbose', '--session-id', childUuid],
      env: { ...env, ...(scenarioPath && { REHEARSAL_SCENARIO: scenarioPath }) },
      stdinPath: promptPath,
    };
  },
  newReader: newClaudeReader,
  classifyEnd,
} as const satisfies Provider;

/** Exit status of `extensions/rehearsal/agent/play-iteration.ts` for a start that cannot work: no prompt, no such scenario. */
const SETUP_EXIT_CODE = 2;

function classifyEnd(final: FinalReport | undefined, exit: ExitReport): ChildProblem | undefined {
  if (final?.problem) return final.problem;
  if (final?.ok || (!final && exit.exitCode === 0)) return undefined;
  return { kind: exit.exitCode === SETUP_EXIT_CODE ? 'config' : 'crashed' };
}

export const REHEARSAL_PROVIDERS: readonly Provider[] = [rehearsal];
