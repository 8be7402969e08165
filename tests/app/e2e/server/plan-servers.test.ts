import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import { buildServer } from '../../../../src/app/server/build-server.ts';
import type { ActionContext } from '../../../../src/core/caller/context/context.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { typedDigits } from '../../../support/type-digits.ts';
import { typed } from '../../unit/cli/typed.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

/** A plan as the rehearsal agent writes it, with this section below. */
const planning = (count: number, ...items: string[]) => ({
  when: { phase: 'requirements', count },
  do: [
    { act: 'normal', signal: false, result: false },
    {
      act: 'run',
      command: [
        'sh',
        '-c',
        'plan=$(ls -t "$REHEARSAL_SESSION_DIR"/*-plan-*.md | head -1); printf "%s\\n" "" "## MCP servers" "" "$@" >>"$plan"',
        'sh',
        ...items,
      ],
    },
    { act: 'signal-file', text: '{"status":"waiting","phase":"requirements","for":"plan_approval"}' },
    { act: 'result' },
  ],
});

/** The SDK's own client and the samocode server; a person chooses the first option of each form that is shown. */
async function connected(rig: SessionRig) {
  const { by: _, ...actions }: ActionContext = rig.context();
  const { server } = buildServer({ version: '1', loadActions: async () => actions });
  const client = new Client(
    { name: 'parent', version: '1' },
    { capabilities: { elicitation: { form: {} } } },
  );
  const shown: string[] = [];
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    const typed = typedDigits(params);
    if (typed) return typed;
    shown.push(params.message);
    return { action: 'accept', content: { decision: 'approve' } };
  });
  const [one, other] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(one), client.connect(other)]);
  return {
    shown,
    async call(name: string, args: object = {}): Promise<Record<string, unknown>> {
      const result = await client.callTool({ name, arguments: { session: rig.file.folder, ...args } });
      const [first] = result.content as Array<{ text: string }>; // every samocode tool returns one text
      return JSON.parse(first?.text ?? 'null');
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

test(
  'servers of a plan that cannot be read return it to planning; a command always waits for a person, is refused to a model and to a form, and is accepted in a terminal',
  ci,
  async () => {
    const rules = [planning(1, '- tickets'), planning(2, '- browser', '- tickets: tickets-mcp --stdio')];
    const start = { task: 'Name the boats', autoApprove: true, acceptSuggestions: true };
    await using rig = await startRig({ scenario: { rules }, start });
    await rig.untilWaiting('plan_approval');
    const [first, second] = (await rig.events()).filter(
      (event) => event.type === 'iteration_ended' && event.phase === 'requirements',
    );
    expect(first).toMatchObject({
      decision: {
        kind: 'run',
        retry: 'corrective',
        notes: [expect.stringContaining('names "tickets", which is not a predefined server')],
      },
    });
    expect(second).toMatchObject({ decision: { kind: 'park', for: 'plan_approval' } });

    const { path: cwd, homeDir: home, env } = rig.repo;
    const terminal = { cwd, home, env, programs: rig.context().programs, says: ['n'] };
    expect(await typed(['approve', rig.file.folder], terminal)).toMatchObject({
      exitCode: 4,
      stdout: expect.stringContaining('tickets-mcp --stdio'),
    });

    const session = rig.file.folder;
    await using parent = await connected(rig);
    const { hash, mcp_servers } = await parent.call('read_plan');
    const lines = [
      'This plan also starts MCP servers:',
      expect.stringMatching(/^- browser: Playwright MCP/),
      '- tickets: tickets-mcp --stdio (a command of the plan: only a person may accept it)',
    ];
    expect(mcp_servers).toEqual(lines);
    const alone = await askTool('approve_plan', { session, hash }, rig.context('tool'));
    expect(alone.json).toMatchObject({
      code: 'servers_need_person',
      message: expect.stringContaining('(tickets)'),
    });
    expect(await parent.call('approve_plan')).toMatchObject({
      code: 'servers_need_person',
      hint: expect.not.stringContaining('form'),
    });
    expect(parent.shown).toEqual([]);

    expect(await typed(['approve', session], { ...terminal, says: ['y'] })).toMatchObject({ exitCode: 0 });
    const approved = (await rig.events()).find(({ type }) => type === 'plan_approved');
    expect(approved).toMatchObject({
      by: { channel: 'cli' },
      servers: [{ name: 'browser' }, { name: 'tickets', command: ['tickets-mcp', '--stdio'] }],
    });
    await rig.stop('now');
  },
);
