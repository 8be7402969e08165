import { expect, test } from 'vitest';
import { TOOLS } from '../../../../../src/app/server/tools.ts';
import { readEvents } from '../../../../../src/core/session/log/event-log.ts';
import { hashIn } from '../../../../support/as-parent.ts';
import { ci } from '../../../../support/ci.ts';
import { sandboxOff } from '../../../../support/project.ts';
import { faultOf, newParent } from './parent.ts';

test('every call made twice, as by a client that lost the first answer, takes effect once', ci, async () => {
  await using parent = await newParent({ bare: true });
  const done: string[] = [];
  const codes: string[] = [];
  const said = new Map<string, string[]>();
  async function twice(name: string, args: Record<string, unknown>) {
    const first = await parent.ask(name, args);
    const second = await parent.ask(name, args);
    done.push(name);
    const faults = [first, second].map(faultOf).filter((fault) => fault !== undefined);
    codes.push([name, ...faults, second.isError ? second.json.code : 'ok'].join(' '));
    expect([name, first.isError && first.json]).toEqual([name, false]);
    said.set(
      name,
      [first, second].map(({ json }) => JSON.stringify(json)),
    );
    return first.json;
  }
  await twice('setup_project', { provider: 'rehearsal' });
  await sandboxOff(parent.bench.repo);
  const { session } = await twice('start_session', { task: 'Name the boats', name: 'boats' });
  const name = String(session);
  await parent.until(name, 'waiting qa_answers');
  await twice('list_sessions', {});
  await twice('get_status', { session });
  await twice('wait', { session, cursor: 0 });
  const { hash: asked } = await twice('read_qa', { session });
  await twice('answer_qa', { session, hash: asked, accept_suggestions: true });
  await parent.until(name, 'waiting plan_approval');
  await twice('request_changes', { session, feedback: 'Smaller phases.' });
  await parent.until(name, 'waiting plan_approval');
  await twice('send_message', { session, text: 'Keep the old names.' });
  await twice('stop_session', { session, when: 'now' });
  await twice('resume_session', { session });
  await parent.until(name, 'waiting plan_approval');
  const { hash } = await twice('read_plan', { session });
  await twice('approve_plan', { session, hash });
  await parent.until(name, 'done');
  await twice('read_session', { session });
  await twice('rewind_session', { session });
  const preview = (await parent.ask('finish_session', { session, how: 'keep_branch' })).json;
  await twice('finish_session', { session, how: 'keep_branch', confirm: hashIn(preview) });

  expect(said.get('approve_plan')).toEqual([
    expect.stringContaining(' is approved'),
    expect.stringContaining('was already approved'),
  ]);
  expect(codes).toEqual([
    'setup_project ok',
    'start_session ok',
    'list_sessions ok',
    'get_status ok',
    'wait ok',
    'read_qa ok',
    'answer_qa already_answered',
    'request_changes not_waiting',
    'send_message ok',
    'stop_session ok',
    'resume_session gate_closed',
    'read_plan ok',
    'approve_plan ok',
    'read_session ok',
    'rewind_session ok',
    'finish_session archived',
  ]);
  expect(done.sort()).toEqual(TOOLS.map((tool) => tool.name).sort());
  const events = await readEvents((await parent.bench.view(name)).paths, 0);
  const count = (type: string) => events.filter((event) => event.type === type).length;
  expect({
    answers: count('answers_recorded'),
    changes: count('changes_requested'),
    stops: count('stopped'),
    resumes: count('resumed'),
    approvals: count('plan_approved'),
    archived: count('archived'),
  }).toEqual({ answers: 1, changes: 1, stops: 1, resumes: 1, approvals: 1, archived: 1 });
});
