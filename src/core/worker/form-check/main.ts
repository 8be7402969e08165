import { appendFileSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { AsStarted, formLeft } from '../../session/documents/form.ts';
import { wrongKinds } from './kinds.ts';

/**
 * The hook that Claude Code and Codex run when an agent would end. Argument: what the worker knew at its start, as JSON.
 * Exit status 2 passes stderr to the model, which goes on; any other ends the agent. Started where the agent runs, so
 * its word counts for nothing: the worker judges the files again.
 */
const Ask = z.object({ last_assistant_message: z.string().nullish() });

const MAX_TIMES = 2;

/** How often the agent was sent back; too often if that can't be known, so that no agent is held for ever. */
function timesTold(path: string): number {
  try {
    // Opened for appending first: what can't be counted is not said.
    appendFileSync(path, '');
    return readFileSync(path, 'utf8').split('\n').length - 1;
  } catch {
    return MAX_TIMES;
  }
}

async function main(): Promise<number> {
  const started = AsStarted.parse(parseJson(process.argv[2] ?? ''));
  const ask = Ask.safeParse(parseJson(readFileSync(0, 'utf8'))).data;
  const told = timesTold(started.toldPath);
  if (told >= MAX_TIMES) return 0;
  const { problems, accepted = [] } = await formLeft(started, ask?.last_assistant_message ?? undefined);
  if (problems.length === 0 && started.triesIn !== undefined) {
    const env = definedOnly({ ...process.env });
    problems.push(...(await wrongKinds(accepted, { cwd: started.triesIn, env, now: systemClock.now })));
  }
  if (problems.length === 0) return 0;
  const text = problems.join(' ').replaceAll('\n', ' ');
  appendFileSync(started.toldPath, `${text}\n`);
  process.stderr.write(
    `Before you end: ${text} What else you wrote stays as it is: repair this, then write the signal that fits, as your instructions say.\n`,
  );
  return 2;
}

void main().then((status) => {
  process.exitCode = status;
});
