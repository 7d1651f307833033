// The mock's people: made, changed, invited, removed.

const MADE = "2026-05-01T00:00:00Z";
const INVITED_UNTIL = "2030-01-01T00:00:00Z";

export class MockPeople {
  #people = [{ id: "kim.minsu", name: "김민수", agency: "seoul", enabled: true, roles: [{ role: "operator", agency: "seoul" }], created: MADE }];

  constructor(invitation) {
    this.invitation = invitation;
  }

  /** `reply(status, body)`: an array is a list. */
  answer(method, path, wanted, reply) {
    const [, id, invitation] = /^\/operators(?:\/([^/]+)(\/invitation)?)?$/.exec(path);
    const person = this.#people.find((one) => one.id === id);
    if (method === "GET") return reply(200, this.#people);
    if (id !== undefined && !person) return reply(404, `There is no person ${id}.`);
    if (invitation) return reply(201, { invitation: this.invitation, path: `/ops#invitation=${this.invitation}`, url: null, expires: INVITED_UNTIL });
    if (method === "DELETE") return reply(204, void (this.#people = this.#people.filter((one) => one !== person)));
    const named = (role) => ({ agency: null, ...role });
    const roles = wanted.roles === undefined ? {} : { roles: wanted.roles.map(named) };
    if (method === "PATCH") return reply(200, Object.assign(person, wanted, roles));
    this.#people.push({ enabled: true, agency: null, created: MADE, ...wanted, ...roles });
    reply(201, this.#people.at(-1));
  }
}
