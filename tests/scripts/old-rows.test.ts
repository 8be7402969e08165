import { expect, test } from 'vitest';
import { oldRows } from '../../scripts/old-rows.ts';

const PAGE = `| program | looked at |
|---|---|
| **[One](https://example.com/one)**, copy of 2025-01-01 | 2026-01-08 |
| **[Two](https://example.com/two)** | 2025-10-01 |

* **[Three](https://example.com/three)** (Vendor): does more. 2025-12
* **[Four](https://example.com/four)**: does less. 2025-09
* **Five**: nobody looked.
* For a change of a few lines, as of 2020-01-01.
`;

test('rows of the comparison that are older than 90 days are named, by the last date of each', () => {
  const at = (day: string) => oldRows(PAGE, new Date(day));
  expect(at('2026-01-08')).toEqual(['Two: 2025-10-01', 'Four: 2025-09', 'Five: no date']);
  expect(at('2025-11-29')).toEqual(['Five: no date']);
  expect(at('2027-01-01')).toHaveLength(5);
});
