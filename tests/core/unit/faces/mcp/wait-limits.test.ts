import { expect, test } from 'vitest';
import { waitLimitMs } from '../../../../../src/core/faces/mcp/wait-limits.ts';

test('a wait may last as long as its client allows, and a longer request is shortened', () => {
  expect(waitLimitMs('claude-code', undefined)).toBe(110_000);
  expect(waitLimitMs('claude-code', 1800)).toBe(1_800_000);
  expect(waitLimitMs('codex-mcp-client', 1800)).toBe(280_000);
  expect(waitLimitMs('gemini-cli-mcp-client', undefined)).toBe(540_000);
  expect(waitLimitMs('', 600)).toBe(45_000);
  expect(waitLimitMs('constructor', undefined)).toBe(45_000);
  expect(waitLimitMs('claude-code', 3)).toBe(3000);
});
