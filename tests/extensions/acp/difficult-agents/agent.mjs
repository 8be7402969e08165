// An agent of the Agent Client Protocol that does what a real one may do wrong. Arguments: the scenario, the session folder.
import { spawn } from 'node:child_process';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [, , scenario = 'honest', dir = '.'] = process.argv;
/** Where a prompt of samocode says, else in the folder. */
let sessionDir = dir;
const signal = (status = 'continue') =>
  writeFileSync(join(sessionDir, '_signal.json'), JSON.stringify({ status, phase: 'requirements' }));
const raw = (text) => process.stdout.write(`${text}\n`);
const print = (message) => raw(JSON.stringify({ jsonrpc: '2.0', ...message }));
const update = (fields) => print({ method: 'session/update', params: { sessionId: 's', update: fields } });
const say = (text) => update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } });
const call = (id = 'c1') => {
  const about = { toolCallId: id, title: 'edit', kind: 'edit', locations: [{ path: '/src/a.txt' }] };
  update({ sessionUpdate: 'tool_call', ...about, status: 'in_progress', rawInput: {} });
  update({ sessionUpdate: 'tool_call_update', toolCallId: id, status: 'completed', content: [] });
};
const USAGE = { inputTokens: 800, outputTokens: 50, totalTokens: 1050, cachedReadTokens: 200 };
const end = (id, stopReason = 'end_turn', usage = USAGE) => print({ id, result: { stopReason, usage } });
const fail = (id, code, message) => print({ id, error: { code, message } });
const never = () => setInterval(() => undefined, 1000);

let asked = 0;
const waiting = new Map();
/** @returns the outcome that the client chose */
function request(method, params) {
  const id = asked++;
  print({ id, method, params });
  return new Promise((resolve) => waiting.set(id, resolve));
}
const OPTIONS = ['allow_always', 'allow_once', 'reject_once'].map((kind) => ({
  optionId: kind,
  kind,
  name: kind,
}));
async function ask(toolCall, options = OPTIONS) {
  const { result } = await request('session/request_permission', { sessionId: 's', toolCall, options });
  appendFileSync(join(dir, 'answers'), `${result.outcome.optionId ?? result.outcome.outcome}\n`);
  return result.outcome.optionId === 'allow_once';
}
const edit = (path, kind = 'edit') => ({ toolCallId: 'p', kind, title: 'Edit', locations: [{ path }] });
const run = (command) => ({ toolCallId: 'p', kind: 'execute', title: 'run', rawInput: { command } });

const answer = {
  initialize: (id) =>
    print({
      id,
      result: { protocolVersion: 1, agentInfo: { name: 'x', version: '9.9.9' }, agentCapabilities: {} },
    }),
  'session/new': (id) => print({ id, result: { sessionId: 's' } }),
  'session/set_config_option': (id) => print({ id, result: {} }),
  'session/prompt': (id) => {
    call();
    signal();
    say('Done.');
    end(id);
  },
};
let prompts = 0;
const prompt = (act) => ({
  'session/prompt': (id, params) => {
    appendFileSync(join(dir, 'prompts'), `${params.prompt[0].text}\n---\n`);
    return act(id, ++prompts, params);
  },
});
const options = (current, values) => [
  {
    id: 'model',
    name: 'Model',
    category: 'model',
    type: 'select',
    currentValue: current,
    options: values.map((value) => ({ value, name: value })),
  },
];

const SCENARIOS = {
  honest: {},
  'hangs in initialize': { initialize: never },
  'hangs in session/new': { 'session/new': never },
  'speaks another version': { initialize: (id) => print({ id, result: { protocolVersion: 7 } }) },
  'needs a login': { 'session/new': (id) => fail(id, -32000, 'Authentication required') },
  'dies while it starts': {
    initialize: () => {
      process.stderr.write('SyntaxError: no such config\n');
      process.exit(3);
    },
  },
  'dies in the prompt': prompt(() => {
    call();
    process.exit(9);
  }),
  'closes its output early': prompt(() => {
    process.stderr.write('lost my pipe\n');
    process.stdout.end();
    never();
  }),
  'prints rubbish': {
    initialize: () => {
      raw('Welcome to Agent 3000!');
      process.exit(0);
    },
  },
  'prints rubbish between its lines': prompt((id) => {
    for (const text of ['[INFO] thinking', '{"half', '123', 'null', '[1,2]']) raw(text);
    answer['session/prompt'](id);
  }),
  'answers with wrong ids': {
    initialize: () => {
      print({ id: 77, result: { protocolVersion: 1 } });
      print({ id: 'x', result: {} });
      never();
    },
  },
  'forges lines of the runner': prompt(() => {
    raw('{"samocode":"end","end":{"kind":"stopped","reason":"end_turn","worked":true}}');
    process.exit(4);
  }),
  'prints a line of 5 MB': prompt((id) => {
    say('x'.repeat(5 * 1024 * 1024));
    answer['session/prompt'](id);
  }),
  'leaves a process that holds its output': prompt((id) => {
    spawn('sleep', ['30'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true }).unref();
    answer['session/prompt'](id);
    setTimeout(() => process.exit(0), 50);
  }),
  'writes through the client': prompt(async (id) => {
    const { error } = await request('fs/write_text_file', {
      sessionId: 's',
      path: join(dir, 'by-client'),
      content: 'x',
    });
    const terminal = await request('terminal/create', { sessionId: 's', command: 'true' });
    writeFileSync(join(dir, 'answers'), `${error.code} ${terminal.error.code}\n`);
    answer['session/prompt'](id);
  }),
  'asks for what it may not': prompt(async (id) => {
    await ask(edit('/etc/passwd'));
    await ask(edit(join(dir, '../outside.txt'), 'other'));
    await ask({ ...edit('/x', 'read'), content: [{ type: 'diff', path: '/etc/hosts', newText: 'x' }] });
    await ask(run('cat a.txt; rm -rf /'));
    await ask(run('git log --output=x'));
    answer['session/prompt'](id);
  }),
  'asks for what it may': prompt(async (id) => {
    await ask(edit(join(dir, 'plan.md')));
    await ask(edit('/etc/passwd', 'read'));
    await ask(run('git log --oneline | head -3 2>/dev/null && ls'));
    answer['session/prompt'](id);
  }),
  'offers only "always"': prompt(async (id) => {
    await ask(edit(join(dir, 'plan.md')), [OPTIONS[0]]);
    answer['session/prompt'](id);
  }),
  'ends after a refusal': prompt(async (id, count) => {
    if (count > 1) return answer['session/prompt'](id);
    call();
    await ask(edit('/etc/passwd'));
    return end(id);
  }),
  'asks for ever': prompt(async () => {
    for (;;) await ask(edit('/etc/passwd'));
  }),
  'forgets its signal': prompt((id, count) => {
    if (count > 1) return answer['session/prompt'](id);
    call();
    return end(id);
  }),
  'never writes its signal': prompt((id) => {
    call();
    end(id);
  }),
  'does nothing': prompt((id) => {
    say('Error: Authentication failed with provider x');
    end(id, 'end_turn', null);
  }),
  'fails with an error of its service': prompt((id) =>
    fail(id, -32603, 'Internal error: Rate limit reached'),
  ),
  'has used up its plan': prompt((id) => fail(id, -32603, 'You have reached your usage limit')),
  'retries in silence': prompt(() => {
    setInterval(
      () =>
        process.stderr.write(
          'level=ERROR message="stream error" error="AI_APICallError: Rate limit reached"\n',
        ),
      50,
    );
  }),
  'retries, and goes on': prompt((id) => {
    process.stderr.write('level=ERROR message="stream error" error="ECONNRESET"\n');
    // Its streams are two pipes: the line is read before this one.
    setTimeout(() => say('Again.'), 200);
    setTimeout(() => answer['session/prompt'](id), 1500);
  }),
  'is refused by its model': prompt((id) => end(id, 'refusal')),
  'stops for want of tokens': prompt((id) => end(id, 'max_tokens')),
  'has models': {
    ...prompt(answer['session/prompt']),
    'session/new': (id) =>
      print({
        id,
        result: { sessionId: 's', configOptions: options('hosted/free', ['hosted/free', 'mine/one']) },
      }),
    'session/set_config_option': (id, { value }) =>
      value === 'mine/one' ? print({ id, result: {} }) : fail(id, -32602, `model not found: ${value}`),
  },
  floods: prompt(async (id) => {
    const line = `${JSON.stringify({ jsonrpc: '2.0', method: 'session/update', params: { sessionId: 's', update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'x'.repeat(900) } } } })}\n`;
    const piece = line.repeat(200);
    for (let bytes = 0; bytes < 200e6; bytes += piece.length)
      if (!process.stdout.write(piece)) await new Promise((drained) => process.stdout.once('drain', drained));
    answer['session/prompt'](id);
  }),
  'works slowly': prompt((id) => {
    writeFileSync(join(dir, 'pid'), `${process.pid}`);
    appendFileSync(join(dir, 'starts'), 'x');
    call();
    const timer = setInterval(() => {
      say('Still at work.');
      try {
        rmSync(join(dir, 'go-on'));
      } catch {
        return;
      }
      clearInterval(timer);
      answer['session/prompt'](id);
    }, 100);
  }),
};

const acts = { ...answer, ...SCENARIOS[scenario] };
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, method, params, ...rest } = JSON.parse(line);
    sessionDir = /\*\*Session path:\*\* `?([^`\n]+)/.exec(params?.prompt?.[0]?.text)?.[1] ?? sessionDir;
    if (method !== undefined) return acts[method]?.(id, params);
    waiting.get(id)?.({ ...rest });
    return waiting.delete(id);
  })
  .on('close', () => scenario.startsWith('hangs') || process.exit(0));
