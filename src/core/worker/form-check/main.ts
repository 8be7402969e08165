import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { systemClock } from '../../kernel/clock.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { appendLines } from '../../kernel/files/append-lines.ts';
import { readPlainFile } from '../../kernel/files/plain-file.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { AsStarted, formLeft } from '../../session/documents/form.ts';
import { wrongKinds } from './kinds.ts';

/**
 * The hook that Claude Code and Codex run when an agent would end. Argument: what the worker knew at its start, as JSON.
 * Prints why the agent is sent back, and the model goes on with that; else, and if it fails, the agent ends. Started
 * where the agent runs, so its word counts for nothing: the worker judges the files again.
 */
const Ask = z.object({ last_assistant_message: z.string().nullish() });

const MAX_TIMES = 2;
/** Words of ours alone: an agent that replaces the folder could have them appended elsewhere, by a hook outside of its sandbox. */
const TOLD = 'sent back\n';

/** How often the agent was sent back; too often if that can't be known, so that none is held for ever. */
async function timesTold(path: string): Promise<number> {
  const reading = await readPlainFile(path, 1024);
  if (reading.kind === 'missing') return 0;
  return reading.kind === 'bytes' ? reading.bytes.toString().split('\n').length - 1 : MAX_TIMES;
}

export async function formCheckMain(): Promise<void> {
  const started = AsStarted.parse(parseJson(process.argv[2] ?? ''));
  if ((await timesTold(started.toldPath)) >= MAX_TIMES) return;
  const ask = Ask.safeParse(parseJson(readFileSync(0, 'utf8'))).data;
  const { problems, accepted = [] } = await formLeft(started, ask?.last_assistant_message ?? undefined);
  if (problems.length === 0 && started.triesIn !== undefined) {
    const env = definedOnly({ ...process.env });
    problems.push(...(await wrongKinds(accepted, { cwd: started.triesIn, env, now: systemClock.now })));
  }
  if (problems.length === 0) return;
  // What cannot be counted is not said: if this throws, the agent ends.
  appendLines(started.toldPath, TOLD);
  const reason = `Before you end: ${problems.join(' ')} What else you wrote stays as it is: repair this, then write the signal that fits, as your instructions say.`;
  // Not by exit status 2: Claude Code takes that for a hook that is missing where its words name a file that is.
  process.stdout.write(`${JSON.stringify({ decision: 'block', reason })}\n`);
}
