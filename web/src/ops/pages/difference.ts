// What a change altered, member by member. No DOM.

export interface Difference {
  member: string;
  before: string | null;
  after: string | null;
}

type Members = Record<string, unknown> | null;

/** Members that are alike are left out; null where there is none. */
export function differences(before: Members, after: Members): Difference[] {
  const members = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return members.flatMap((member) => {
    const [old, now] = [written(before, member), written(after, member)];
    return old === now ? [] : [{ member, before: old, after: now }];
  });
}

function written(members: Members, name: string): string | null {
  if (members === null || !(name in members)) return null;
  const value = members[name];
  return typeof value === "string" ? value : JSON.stringify(value);
}
