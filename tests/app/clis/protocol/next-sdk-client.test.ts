import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, test } from 'vitest';
import { TOOLS } from '../../../../src/app/server/tools.ts';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { typedDigits } from '../../../support/type-digits.ts';

test.each([
  ['legacy', 'legacy'],
  ['auto', 'modern'],
] as const)(
  'a client of SDK 2 that negotiates by %s uses the %s era, and everything works',
  ci,
  async (mode, era) => {
    await using bench = await makeBench();
    const { server } = await builtPrograms();
    const options = { versionNegotiation: { mode }, capabilities: { elicitation: { form: {} } } };
    const client = new Client({ name: 'next', version: '2' }, options);
    const { path: cwd, env } = bench.repo;
    await client.connect(
      new StdioClientTransport({ command: process.execPath, args: [server], cwd, env, stderr: 'ignore' }),
    );
    try {
      expect(client.getProtocolEra()).toBe(era);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));

      const task = { task: 'Name the boats', name: 'boats' };
      const started = await client.callTool({ name: 'start_session', arguments: task });
      const { session } = Object(started.structuredContent);
      expect(started.structuredContent).toMatchObject({
        // The first where a worker takes seconds to begin.
        state: expect.stringMatching(/^(?:starting|running)$/),
        branch: 'samocode/boats',
      });

      const uri = `samocode://sessions/${session}/overview`;
      const updated: string[] = [];
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        updated.push(params.uri);
      });
      if (era === 'modern') await client.listen({ resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
      const args = { session, until: 'attention', timeout_s: 40 };
      await eventually(async () => {
        const { structuredContent } = await client.callTool({ name: 'wait', arguments: args });
        return Object(structuredContent).for === 'qa_answers';
      });
      await eventually(async () => updated.includes(uri));
      expect((await client.readResource({ uri })).contents).toMatchObject([
        { text: expect.stringContaining('Phase: investigation') },
      ]);
      expect((await client.listResources()).resources.map((each) => each.uri)).toContain(uri);
      const { resourceTemplates } = await client.listResourceTemplates();
      expect(resourceTemplates.length).toBeGreaterThan(3);

      expect((await client.listPrompts()).prompts.map(({ name }) => name)).toContain('morning_report');
      const prompt = await client.getPrompt({ name: 'review_plan' });
      expect(prompt.messages).toMatchObject([{ content: { text: expect.stringContaining('read_plan') } }]);
      const overview = resourceTemplates.find((each) => each.uriTemplate.endsWith('/overview'));
      const ref = { type: 'ref/resource' as const, uri: overview?.uriTemplate ?? '' };
      const completed = await client.complete({ ref, argument: { name: 'name', value: 'boa' } });
      expect(completed.completion.values).toContain(session);

      const asked: string[] = [];
      client.setRequestHandler('elicitation/create', ({ params }) => {
        const typed = typedDigits(params);
        if (typed) return typed;
        asked.push(params.message);
        return { action: 'accept', content: { Q1: 'A', Q2: 'B', Q3: 'own words' } };
      });
      const answered = await client.callTool({ name: 'answer_qa', arguments: { session } });
      expect(asked).toEqual([expect.stringContaining(`${session} has questions`)]);
      expect(answered.structuredContent).toMatchObject({ open: ['Q3'] });

      const wrong = await client.callTool({ name: 'get_status', arguments: { session: 'goats' } });
      expect(wrong.isError).toBe(true);
    } finally {
      await client.close();
    }
  },
);
