import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A turn of a chat: the texts of person and agent, and what its agent did in between. */
export interface TurnPlan {
  person: string;
  agent?: string;
  /** Paths that a tool changed. */
  changes?: readonly string[];
  /** The id of a call of another tool. */
  call?: string;
}

/** The lines that Claude Code 2.1.332 writes for such turns, without their fields that no reader needs. */
export function claudeLines(cwd: string, turns: readonly TurnPlan[]): object[] {
  return turns.flatMap(({ person, agent, changes = [], call }, index) => {
    const after = index === 0 ? null : `answer-${index - 1}`;
    const line = { isSidechain: false, userType: 'external', cwd, sessionId: 'chat' };
    const of = (id: string, block: object) => ({
      ...{ parentUuid: `prompt-${index}`, ...line, type: 'assistant', uuid: `answer-${index}` },
      message: { id, role: 'assistant', content: [block] },
    });
    const uses = [
      ...changes.map((file_path, at) => ({ id: `edit-${index}-${at}`, name: 'Edit', input: { file_path } })),
      ...(call === undefined ? [] : [{ id: call, name: 'mcp__samocode__start_session', input: {} }]),
    ];
    return [
      {
        ...{ parentUuid: after, ...line, type: 'user', uuid: `prompt-${index}` },
        message: { role: 'user', content: person },
      },
      ...uses.map((use) => of(`call-${index}`, { type: 'tool_use', ...use })),
      ...(agent === undefined ? [] : [of(`said-${index}`, { type: 'text', text: agent })]),
    ];
  });
}

/** The same as Codex 0.169 writes it. */
export function codexLines(cwd: string, turns: readonly TurnPlan[]): object[] {
  const event = (payload: object) => ({ type: 'event_msg', payload });
  const item = (fields: object) => event({ type: 'item_completed', item: fields });
  return [
    { type: 'session_meta', payload: { id: 'thread', cwd, source: 'exec' } },
    ...turns.flatMap(({ person, agent, changes = [] }) => [
      {
        type: 'response_item',
        payload: { type: 'message', role: 'user', content: [{ type: 'input_text', text: person }] },
      },
      item({ type: 'UserMessage', content: [{ type: 'text', text: person }] }),
      ...changes.map((path) =>
        item({
          type: 'FileChange',
          status: 'completed',
          changes: { [path]: { type: 'update', move_path: null } },
        }),
      ),
      ...(agent === undefined
        ? []
        : [item({ type: 'AgentMessage', content: [{ type: 'Text', text: agent }] })]),
    ]),
  ];
}

export function asLines(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Where Claude Code keeps the chat of a folder. */
export function claudePath(homeDir: string, cwd: string, id: string): string {
  return join(homeDir, '.claude/projects', cwd.replace(/[^a-zA-Z0-9]/g, '-'), `${id}.jsonl`);
}

export function codexPath(homeDir: string, id: string): string {
  return join(homeDir, `.codex/sessions/2026/11/27/rollout-2026-11-27T09-05-47-${id}.jsonl`);
}

export async function writeChat(path: string, lines: readonly object[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, asLines(lines));
}
