import { cannotRun } from '../../kernel/phases/proving.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';
import { code } from '../../session/documents/markdown-lines.ts';
import { REVIEWED, type Requirement } from '../../session/documents/requirements.ts';

const EACH_MS = 120_000;
/** Of all together: the rest is not tried. */
const ALL_MS = 480_000;
const LINES = 10;

/**
 * What the checks of a ledger say before the work, one sentence for each that contradicts its kind: a new one that passes
 * shows nothing of the work, and one that is to stay has to pass now. An agent's own commands: they run where it does.
 * @param now milliseconds
 */
export async function wrongKinds(
  requirements: readonly Requirement[],
  { cwd, env, now }: { cwd: string; env: Record<string, string>; now: () => number },
): Promise<string[]> {
  const until = now() + ALL_MS;
  const wrong: string[] = [];
  for (const { id, check, kind } of requirements) {
    const timeoutMs = Math.min(EACH_MS, until - now());
    if (kind === undefined || check === REVIEWED || timeoutMs <= 0) continue;
    const { exitCode, timedOut, stdout, stderr } = await runCommand('sh', ['-c', check], {
      cwd,
      env,
      timeoutMs,
    });
    // What cannot run or was ended says nothing of the work: the proof tries it again.
    if (timedOut || exitCode === null || cannotRun({ exitCode }) || (exitCode === 0) === (kind === 'stays'))
      continue;
    wrong.push(
      kind === 'new'
        ? `${id} is new, and its check ${code(check)} passes before the work, so it shows nothing of it. A filter that matches no test often exits 0.`
        : `${id} stays, and its check ${code(check)} fails before the work (exit ${exitCode}): ${lastLines(stdout + stderr)}`,
    );
  }
  return wrong;
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LINES).join(' | ');
}
