import { expect, test } from 'vitest';
import { eventually, makeBench, programs } from '../../actions/bench.ts';
import {
  CONVERSATION_MARK,
  type Conversation,
  type ModelReply,
} from '../../support/model-stub/conversation.ts';
import { PARENT_PROMPT } from '../../support/model-stub/parent-model.ts';
import { startInteractiveClaude } from './interactive-claude.ts';

/** Starts a session, waits once for as long as it takes, and says that it was woken. */
function reply({ results, newest }: Conversation): ModelReply {
  if (newest.includes('<task-notification>')) return { say: 'Woken.' };
  if (results.length === 0)
    return { say: 'Starting.', use: [{ name: 'mcp:start_session', input: { task: 'x', name: 'boats' } }] };
  const input = { session: 'boats', until: 'attention', timeout_s: 1800 };
  if (results.length === 1) return { say: 'Waiting.', use: [{ name: 'mcp:wait', input }] };
  return { say: 'I shall be told.' };
}

test('a long wait goes into the background of an interactive Claude Code, and its end wakes the model', async () => {
  await using bench = await makeBench();
  const { server } = await programs();
  const turns: Conversation[] = [];
  await using claude = await startInteractiveClaude({
    server,
    homeDir: bench.repo.homeDir,
    cwd: bench.repo.path,
    serverEnv: { SAMOCODE_REHEARSAL_PACE_MS: '700' },
    // Two minutes for people.
    env: { CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS: '1500' },
    answer(conversation) {
      if (!CONVERSATION_MARK.test(conversation.prompt)) return { say: 'Noted.' };
      turns.push(conversation);
      return reply(conversation);
    },
  });
  await claude.type(PARENT_PROMPT);
  const woken = await eventually(
    async () => turns.find(({ newest }) => newest.includes('<task-notification>')),
    60_000,
  ).catch((error) => {
    throw new Error(`${error}\n${claude.screen().slice(-3000)}`);
  });
  expect(woken.results.at(-1)?.text).toMatch(/^MCP tool "samocode\/wait" is still running after \d+s/);
  expect(woken.newest).toContain('\\"for\\":\\"qa_answers\\"');
  expect(woken.newest).toContain('read_qa; put the questions to the human');
});
