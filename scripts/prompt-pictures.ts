// `npm run build && tsx --import ./scripts/markdown-as-text.mjs scripts/prompt-pictures.ts`: draws what a client receives of our prompts, for docs/claude-desktop.md.
import './hand-over.ts';

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { wrapAnsi } from 'fast-wrap-ansi';
import { type Bench, makeBench } from '../tests/support/bench.ts';
import { eventually } from '../tests/support/eventually.ts';
import { type RawServer, startServer } from '../tests/support/raw-server.ts';
import { startSession } from '../tests/support/start-session.ts';
import { terminalSvg } from './terminal-svg.ts';

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.0.0-pictures' });

const COLUMNS = 80;
const bold = (text: string) => `\u001b[1m${text}\u001b[22m`;
const dim = (text: string) => `\u001b[2m${text}\u001b[22m`;
const cyan = (text: string) => `\u001b[36m${text}\u001b[39m`;

/** A prompt in the result of `prompts/list`. */
interface ListedPrompt {
  name: string;
  title: string;
  description: string;
  arguments?: { name: string; description: string; required: boolean }[];
}

interface FilledPrompt {
  messages: { content: { text: string } }[];
}

const PICTURES = [
  { name: 'start', words: 'Add a page that lists all orders' },
  { name: 'morning_report', words: '' },
];

await using bench = await makeBench();
await twoSessions(bench);
const server = await startServer({ cwd: bench.repo.path, env: bench.repo.env });
try {
  for (const { name, words } of PICTURES) {
    const text = masked(await pictureText(server, name, words), bench);
    const label = `What a client receives of the prompt ${name}: title, description, argument and message`;
    for (const theme of ['dark', 'light'] as const)
      await writeFile(
        join('docs/images', `prompt-${name.replace('_', '-')}-${theme}.svg`),
        terminalSvg(text, { theme, label }),
      );
  }
} finally {
  server.child.stdin?.end();
  await server.ended;
}

/** Starts two sessions: one that finishes, and one that asks. */
async function twoSessions({ context, view }: Bench): Promise<void> {
  const done = {
    task: 'Add an undo command',
    name: 'undo-command',
    acceptSuggestions: true,
    autoApprove: true,
  };
  const { view: first } = await startSession(done, context);
  await eventually(async () => (await view(first.folder)).state.status.kind === 'done');
  const { view: second } = await startSession({ task: 'Add a page of orders', name: 'orders-page' }, context);
  await eventually(async () => (await view(second.folder)).state.status.kind === 'waiting');
}

async function pictureText({ request }: RawServer, name: string, words: string): Promise<string> {
  const { result: list } = await request('prompts/list');
  // Other tests check what the server sends against the protocol.
  const prompt = (list?.prompts as ListedPrompt[] | undefined)?.find((one) => one.name === name);
  if (!prompt) throw new Error(`There is no prompt ${name}.`);
  const [argument] = prompt.arguments ?? [];
  const given = argument ? { [argument.name]: words } : {};
  const { result: filled } = await request('prompts/get', { name, arguments: given });
  const [message] = (filled as unknown as FilledPrompt).messages;
  return [
    dim('in the list of prompts'),
    `${bold(prompt.title)}  ${dim(name)}`,
    wrapped(prompt.description),
    '',
    ...(argument ? [dim('to fill in'), `${argument.description}: ${cyan(words)}`, ''] : []),
    dim('the message that the model is given'),
    wrapped(message?.content.text.trim() ?? ''),
  ].join('\n');
}

function wrapped(text: string): string {
  return wrapAnsi(text, COLUMNS);
}

/** Replaces what differs from run to run. */
function masked(text: string, { repo }: Bench): string {
  return text.replaceAll(repo.path, '~/shop').replaceAll(/\b\d\d-\d\d-\d\d-(?=[a-z])/g, '26-01-08-');
}
