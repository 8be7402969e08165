import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonValue } from '../../src/actions/install/json-tree.ts';
import { replacedWords, setMember, unsetMember } from '../../src/actions/install/member-edit.ts';

const AT = ['mcpServers', 'samocode'];
const VALUE = { command: 'node', args: ['a.js'], timeout: 600 };
const MEMBER = { at: AT, value: VALUE, soft: ['timeout'] };

const OWN =
  '{\n  "mcpServers": {\n    "samocode": {"args": [ "-y","old" ], // mine\n      "env": {"KEY": "word"}, "command": "npx", "timeout": 5}\n  }\n}\n';

test('of an entry that a person wrote only what must be ours is set, and it is put back byte by byte', () => {
  const set = setMember(OWN, MEMBER);
  expect(jsonValue(set?.text ?? '')).toEqual({
    mcpServers: { samocode: { args: ['a.js'], env: { KEY: 'word' }, command: 'node', timeout: 5 } },
  });
  expect(set?.text).toContain('// mine');
  expect(setMember(set?.text ?? '', MEMBER)).toEqual({ text: set?.text, made: 0 });
  expect(unsetMember(set?.text ?? '', MEMBER, { noted: true, replaced: set?.replaced })).toBe(OWN);
});

test('what a person changed since stays when the rest is put back', () => {
  const set = setMember(OWN, MEMBER);
  const edited = (set?.text ?? '').replace('word', 'other').replace('"timeout": 5', '"cwd": "/x"');
  const back = unsetMember(edited, MEMBER, { noted: true, replaced: set?.replaced });
  expect(jsonValue(back)).toEqual({
    mcpServers: {
      samocode: { args: ['-y', 'old'], env: { KEY: 'other' }, command: 'npx', cwd: '/x', timeout: 5 },
    },
  });
});

test('an entry that nobody noted is taken out only when it is just ours', () => {
  expect(unsetMember(OWN, MEMBER, { noted: false })).toBe(OWN);
  const just = JSON.stringify({ mcpServers: { samocode: VALUE } });
  expect(jsonValue(unsetMember(just, MEMBER, { noted: false }))).toEqual({ mcpServers: {} });
  expect(jsonValue(unsetMember(OWN, MEMBER, { noted: true }))).toEqual({ mcpServers: {} });
});

test('a server that is reached by an address is replaced as a whole and put back', () => {
  const text =
    '{"mcpServers":{"samocode":{"type":"http","url":"https://x","headers":{"Authorization":"word"}}}}';
  const set = setMember(text, MEMBER);
  expect(jsonValue(set?.text ?? '')).toEqual({ mcpServers: { samocode: VALUE } });
  expect(unsetMember(set?.text ?? '', MEMBER, { noted: true, replaced: set?.replaced })).toBe(text);
  expect(replacedWords(text, MEMBER)).toBe('an entry of another kind (type, url, headers)');
});

test('what would be replaced is said, and no value of what stays', () => {
  expect(replacedWords(OWN, MEMBER)).toBe('args ["-y","old"], command "npx"; env, timeout stays');
  expect(replacedWords(setMember(OWN, MEMBER)?.text ?? '', MEMBER)).toBeUndefined();
  expect(replacedWords('{"mcpServers":{}}', MEMBER)).toBeUndefined();
});

const entry = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.record({ command: fc.jsonValue(), args: fc.jsonValue(), env: fc.jsonValue() }, { requiredKeys: [] }),
);

test('whatever a person had there, it comes back byte by byte', () => {
  fc.assert(
    fc.property(entry, fc.constantFrom(undefined, 2, '\t'), (own, space) => {
      const text = `${JSON.stringify({ a: 1, mcpServers: { samocode: own, b: {} } }, undefined, space)}\n`;
      const set = setMember(text, MEMBER);
      expect(jsonValue(set?.text ?? '')).toMatchObject({
        mcpServers: { samocode: { command: 'node', args: ['a.js'] } },
      });
      const noted = { noted: true, replaced: set?.replaced };
      if (set?.replaced !== undefined) expect(unsetMember(set.text, MEMBER, noted)).toBe(text);
      else expect(set?.text).toBe(text);
    }),
  );
});
