import type { Phase } from '../../src/core/kernel/phases/table.ts';

// The texts of a session for reports and pages. `also` is added to each that an agent or a person can write.

/** What an agent did. */
export function did(phase: Phase, at: number): string {
  const words = [
    'Names are read from the file',
    'The list shows names',
    'توجد الأسماء في القائمة',
    '一覧に名前を表示',
    'Empty names are refused 🚤',
  ];
  return phase === 'implementation'
    ? (words[at % words.length] ?? '')
    : `What ${phase} asks for is written down`;
}

export function diveText(also: string): string {
  return `# Dive: names\n\n## Summary\nBoats are rows of \`fleet.csv\`. ${also}\n\n- see [the issue](https://example.com/1)\n- or [this](javascript:alert(1))\n\n| file | rows |\n| --- | --- |\n| fleet.csv | 12 |\n`;
}

export function qaText(also: string): string {
  return `# Q&A: names\n\nStatus: answered\n\n### Q1: Which boats get a name? ${also}\n\nA) Sailing boats\nB) All of them ${also}\n\n**Suggestion:** B - fewer special cases\n\n**Answer:** B\n\n### Q2: ما اسم القارب الأول؟\n\n**Answer:** ${also === '' ? 'عنوان على اليخت, as it is painted' : also}\n`;
}

export function planText(also: string): string {
  return `# Plan: names\n\n## Implementation Phases\n\n### Phase 1: Read the names ${also}\nFiles: src/names.ts\nCheck: \`npm test\`\n\n- [x] read \`fleet.csv\`\n- [x] refuse empty ones\n\n### Phase 2: Show them\nFiles: src/list.ts\n\n- [x] the list\n- [ ] the map ${also}\n\n### Phase 3: 日本語の名前\n\n- [ ] fonts\n\n## Notes\n\n> Keep it small. ${also}\n\n\`\`\`ts\nconst boat = '<b>';\n\`\`\`\n`;
}

/** The log of an agent, of approximately `chars` characters. */
export function logText(at: number, phase: Phase, also: string, chars: number): string {
  const say = (content: object, type = 'assistant') =>
    JSON.stringify({ type, message: { role: type, content: [content] } });
  const lines = [JSON.stringify({ type: 'system', subtype: 'init', model: 'claude-opus-4-8' })];
  for (let written = 0, turn = 0; written < chars; turn += 1) {
    lines.push(
      say({
        type: 'text',
        text: `I look at pier ${at}.${turn} in ${phase}, and at how its boats are named. ${also}`,
      }),
      say({
        type: 'tool_use',
        id: `t${turn}`,
        name: 'Bash',
        input: { command: `grep -n boat src/pier-${at}.ts ${also}` },
      }),
      say(
        {
          type: 'tool_result',
          tool_use_id: `t${turn}`,
          content: `12: export const boat = 1;\n13: more ${also}`,
          is_error: turn % 7 === 3,
        },
        'user',
      ),
    );
    written += 200;
  }
  return `${lines.join('\n')}\n`;
}
