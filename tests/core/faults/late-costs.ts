import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CLI_ANSWERS } from '../../support/cli-samples.ts';
import type { FaultRow } from './fault-row.ts';
import { changeSettings } from './with-settings.ts';

/** Codex's output and its log after every answer, from a program that never ends. */
const CODEX = `#!/bin/sh
${CLI_ANSWERS}case " $* " in *' mcp '*) echo '[]'; exit ;; esac
id=01a1f89f-367e-7b61-9545-11318fe1f0bb
f="\${CODEX_HOME:-$HOME/.codex}/sessions/2026/11/20"
mkdir -p "$f"
echo '{"type":"thread.started","thread_id":"'$id'"}'
n=0
while sleep 0.5; do
  n=$((n + 400000))
  echo '{"type":"token_usage_record","payload":{"thread_token_usage":{"input_tokens":'$n',"cached_input_tokens":0,"output_tokens":0}}}' >> "$f/rollout-x-$id.jsonl"
  echo '{"type":"item.completed","item":{"type":"agent_message","text":"Step '$n'"}}'
done
`;

/** The same for Gemini CLI, which writes an answer again with the results of its tools. */
const GEMINI = `#!/bin/sh
${CLI_ANSWERS}id=f3abb9a5-afe1-4758-b866-293bcd5f0a9c
f="$HOME/.gemini/tmp/boats/chats"
mkdir -p "$f"
echo '{"type":"init","session_id":"'$id'","model":"gemini-2.5-pro"}'
n=0
while sleep 0.5; do
  n=$((n + 1))
  for again in 1 2; do
    echo '{"id":"'$n'","type":"gemini","model":"gemini-2.5-pro","tokens":{"input":400000,"output":0,"cached":0,"thoughts":0}}' >> "$f/session-x-f3abb9a5.jsonl"
  done
  echo '{"type":"message","role":"assistant","content":"Step '$n'"}'
done
`;

const tellLate: ReadonlyArray<[provider: 'codex' | 'gemini', model: string, script: string]> = [
  ['codex', 'gpt-5-codex', CODEX],
  ['gemini', 'gemini-2.5-pro', GEMINI],
  // No model was configured, and the log names none with a known price.
  ['codex', '', CODEX],
];

/** Agents whose costs only their CLI's own records tell. */
export const LATE: FaultRow[] = tellLate.map(([provider, model, script]) => ({
  name: `a ${provider} ${model && `with ${model} `}that is ended at its time limit costs what its log says, and the session keeps to its limit`,
  lines: { MAX_COST_USD: '1' },
  ends: 'blocked/budget',
  before: async (rig) => {
    const program = join(rig.repo.root, provider);
    await writeFile(program, script, { mode: 0o755 });
    await changeSettings(rig, { provider, model, cliPaths: { [provider]: program }, timeLimitMs: 4000 });
  },
  also: async (rig) => {
    const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended');
    // It prints progress for seconds; after each answer the log has about half a dollar more.
    expect(ended).toMatchObject([{ ending: 'timeout', cost: { usdIsEstimate: true } }]);
    expect(ended[0]?.cost?.usd).toBeGreaterThan(1);
    expect(ended[0]?.cost?.inputTokens).toBeGreaterThanOrEqual(800_000);
    const notices = (await rig.events()).filter(
      (event) => event.type === 'notice' && /price/.test(event.code),
    );
    expect(notices).toMatchObject(model === '' ? [{ text: expect.stringContaining('prices.json') }] : []);
  },
}));
