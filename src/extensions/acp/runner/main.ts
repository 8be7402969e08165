/**
 * A program that makes an agent of the Agent Client Protocol look like a headless CLI to the worker. Argument: the path
 * of the plan. Stdin: the prompt.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { LineSplitter } from '../../../core/kernel/files/lines.ts';
import type { RunnerPlan } from '../runner-plan.ts';
import { Conversation } from './conversation.ts';

const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** How long an agent may keep printing and writing files after it was asked to exit. */
const GRACE_MS = 2000;

const plan: RunnerPlan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const [file, ...args] = plan.command;
const agent = spawn(file, args, { cwd: plan.cwd, stdio: ['pipe', 'pipe', 'pipe'], env: process.env });

function later(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

const conversation = new Conversation(plan, {
  send: (line) => agent.stdin.write(line),
  // Stdout is a file, so each write is synchronous: an agent can't print faster than the disk can write.
  log: (line) => [line, '\n'].forEach((part) => void process.stdout.write(part)),
  later,
});

const lines = new LineSplitter({ maxLineBytes: MAX_LINE_BYTES });
let begin = 0;
agent.stdout.on('data', (piece: Buffer) => {
  for (const { bytes, end } of lines.take(piece)) {
    conversation.takeLine(bytes, end - begin);
    begin = end;
  }
});
const diagnosis = new LineSplitter({ maxLineBytes: MAX_LINE_BYTES });
agent.stderr.on('data', (piece: Buffer) => {
  process.stderr.write(piece);
  for (const { bytes } of diagnosis.take(piece)) conversation.takeDiagnosis(bytes?.toString('utf8') ?? '');
});
// Ignores a full disk and an agent that no longer reads: only how the agent exits counts.
for (const stream of [agent.stdin, process.stdout, process.stderr]) stream.on('error', () => undefined);

agent.on('error', ({ message }) => conversation.finish({ kind: 'not_started', message }));
process.on('exit', () => agent.kill('SIGKILL'));
agent.stdout.on('end', () => later(GRACE_MS, () => conversation.gone(agent.exitCode)));
// A process that the agent leaves behind can keep the agent's output open.
agent.on('exit', (code) => later(GRACE_MS, () => conversation.gone(code)));
agent.on('close', (code) => conversation.gone(code));

void conversation.run(readFileSync(0, 'utf8')).then(({ kind }) => {
  const exit = () => process.exit(kind === 'stopped' ? 0 : 1);
  agent.once('close', exit);
  agent.stdin.end();
  later(agent.exitCode === null ? GRACE_MS : 0, exit);
});
