// `npm run build && tsx scripts/chat-transcript.ts`: prints the first session of the README, recorded between the real
// Claude Code and the real server. The models of the chat and of the agents are scripted; calls and results are real.
import './hand-over.ts';

import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { makeDemoPlace } from '../src/extensions/rehearsal/demo/demo-place.ts';
import { installCli } from '../tests/support/install-clis.ts';
import type { Conversation, ModelReply } from '../tests/support/model-stub/conversation.ts';
import type { ToolResult } from '../tests/support/model-stub/moves.ts';
import { type ServerResult, serverResultIn } from '../tests/support/model-stub/parent-model.ts';
import { startService } from '../tests/support/model-stub/services.ts';
import { BUILT_SERVER } from '../tests/support/raw-server.ts';

/** The model's reaction to one message of the person: tool calls, each given the results so far, then a reply. */
type Segment = (...results: ServerResult[]) => { tool: string; input: object } | { say: string };

const TASK = 'Let the to-do list take the last change back';
const session = (result: ServerResult | undefined) => String(result?.session);
const list = (words: readonly string[]) => words.join('; ');

/** The results of start_session and of read_plan. */
let known: ServerResult | undefined;
let asked: ServerResult | undefined;
let plan: ServerResult | undefined;

const MESSAGES: readonly { person: string; model: Segment }[] = [
  {
    person: `Set this repository up for samocode, and ${TASK.toLowerCase()}.`,
    model(setup, started, waited, qa) {
      if (!setup) return { tool: 'setup_project', input: { provider: 'rehearsal', check: 'node --test' } };
      if (!started) return { tool: 'start_session', input: { task: TASK, name: 'way-back' } };
      known = started;
      if (!waited) return { tool: 'wait', input: { session: session(started), until: 'attention' } };
      if (!qa) return { tool: 'read_qa', input: { session: session(started) } };
      asked = qa;
      const [question] = qa.questions ?? [];
      return {
        say: `It asks: _${question?.text}_ ${list(question?.options ?? [])}. It suggests ${question?.suggestion}.`,
      };
    },
  },
  {
    person: 'A.',
    model(answered, waited, read) {
      if (!answered)
        return {
          tool: 'answer_qa',
          input: { session: session(known), hash: asked?.hash, answers: { Q1: 'A' } },
        };
      if (!waited) return { tool: 'wait', input: { session: session(known), until: 'attention' } };
      plan = read;
      if (!read) return { tool: 'read_plan', input: { session: session(known) } };
      const phases = [...String(read.text).matchAll(/^#+ Phase \d+: (.*)$/gm)].map(([, name = '']) => name);
      return { say: `The plan: ${list(phases)}. Shall I approve it?` };
    },
  },
  {
    person: 'Yes, go.',
    model(approved, waited, proof) {
      if (!approved) return { tool: 'approve_plan', input: { session: session(known), hash: plan?.hash } };
      if (!waited) return { tool: 'wait', input: { session: session(known), until: 'attention' } };
      if (!proof) return { tool: 'read_session', input: { session: session(known), what: 'proof' } };
      const [branch] = /samocode\/[\w-]+/.exec(String(proof.text)) ?? [];
      const all = String(proof.text).match(/^- R\d+ .*/gm) ?? [];
      const byCheck = all.filter((line) => line.endsWith('exit status 0')).length;
      return {
        say: `Done, on \`${branch}\`: ${byCheck} requirements shown by checks on a fresh clone, ${all.length - byCheck} by review.`,
      };
    },
  },
];

await using place = await demoPlace();
const { path } = await installCli('claude');
let message = 0;
/** The number of results before this message. */
let before = 0;
let results: readonly ToolResult[] = [];
/** Names of the tools that were called for this message. */
let calls: string[] = [];
const service = await startService('claude', answer);
try {
  for (const [index, { person }] of MESSAGES.entries()) {
    message = index;
    calls = [];
    const again = index === 0 ? [] : ['--continue'];
    const env = { ...place.env, ...service.environmentFor(place.home), TERM: 'xterm' };
    const server = { type: 'stdio', command: process.execPath, args: [BUILT_SERVER], env: place.env };
    const config = JSON.stringify({ mcpServers: { samocode: server } });
    const connect = ['--mcp-config', config, '--strict-mcp-config', '--allowedTools', 'mcp__samocode__*'];
    const ran = await runCommand(path, ['-p', person, ...again, ...connect], {
      ...{ cwd: place.repo, env, timeoutMs: 120_000 },
    });
    if (ran.exitCode !== 0) throw new Error(`${ran.stdout}${ran.stderr}`);
    show(person, ran.stdout.trim());
    before = results.length;
  }
} finally {
  await service.close();
}

function answer({ request, results: all }: Conversation): ModelReply {
  // Claude Code also asks for titles and the like, without our tools.
  if (!request.includes('mcp__samocode__')) return { say: 'Noted.' };
  results = all;
  const seen = all.slice(before).map(({ text }) => serverResultIn(text));
  const next = MESSAGES[message]?.model(...seen);
  if (next === undefined || 'say' in next) return next ?? { say: '' };
  calls.push(next.tool);
  return { say: '', use: [{ name: `mcp:${next.tool}`, input: { ...next.input } }] };
}

/** Prints an exchange as in the README: the tool calls, with the results of waits only. */
function show(person: string, reply: string): void {
  const shownCalls = results.slice(before).map(({ text }, index) => {
    const tool = `\`${calls[index]}\``;
    // The model reports the results of the other tools.
    return calls[index] === 'wait' ? `${tool} → ${serverResultIn(text).summary}` : tool;
  });
  const text = masked([`**You** ${person}`, shownCalls.join(' · '), `**Chat** ${reply}`].join('\n\n'));
  const quoted = text.split('\n').map((line) => `> ${line}`.trimEnd());
  console.log(`${message === 0 ? '' : '>\n'}${quoted.join('\n')}`);
}

/** Replaces what differs from run to run. */
function masked(text: string): string {
  return text
    .replaceAll(place.root, '~')
    .replaceAll(/\b\d\d-\d\d-\d\d-(?=[a-z])/g, '26-01-08-')
    .replaceAll(/\b\d\d-\d\d-\d{4}-(?=[a-z])/g, '01-08-1437-');
}

async function demoPlace() {
  const made = await makeDemoPlace(process.env, 0);
  return { ...made, home: made.env.HOME ?? '', [Symbol.asyncDispose]: made.remove };
}
