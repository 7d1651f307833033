// Reads OpenAPI 3.1 as far as the reference needs it: references, types in
// words, and an example of every body, made from the schema where none stands.

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
  description?: string;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
}

export interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown }>;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
  example?: unknown;
}

export interface Response {
  $ref?: string;
  description?: string;
  content?: Record<string, MediaType>;
}

export interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  operationId?: string;
  parameters?: Parameter[];
  requestBody?: { $ref?: string; content?: Record<string, MediaType>; required?: boolean };
  responses?: Record<string, Response>;
}

export interface OpenApi {
  info?: { title?: string; version?: string; description?: string };
  tags?: { name: string; description?: string }[];
  paths?: Record<string, Record<string, Operation | Parameter[]>>;
}

/** Deeper nesting is cut: a schema may hold itself. */
const MAX_DEPTH = 6;

export class Reader {
  constructor(private readonly document: OpenApi) {}

  /** Follows `#/components/...`. */
  resolve<T extends { $ref?: string }>(part: T): T {
    let at: unknown = part;
    for (let hops = 0; hops < MAX_DEPTH; hops++) {
      const reference = (at as { $ref?: string } | undefined)?.$ref;
      if (reference === undefined) break;
      at = reference
        .replace(/^#\//, "")
        .split("/")
        .reduce<unknown>((node, step) => (node as Record<string, unknown> | undefined)?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], this.document);
    }
    return (at ?? part) as T;
  }

  typeText(raw: Schema | undefined, depth = 0): string {
    if (!raw) return "";
    const schema = this.resolve(raw);
    const many = schema.oneOf ?? schema.anyOf;
    if (many && depth < MAX_DEPTH) return [...new Set(many.map((one) => this.typeText(one, depth + 1)))].join(" | ");
    if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
    const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "object");
    const bounds = schema.minimum !== undefined || schema.maximum !== undefined ? ` ${schema.minimum ?? ""}..${schema.maximum ?? ""}` : "";
    if (type === "array" && depth < MAX_DEPTH) return `[${this.typeText(schema.items, depth + 1)}]`;
    return (schema.format ? `${type} (${schema.format})` : type) + bounds;
  }

  bodyExample(media: MediaType): unknown {
    if (media.example !== undefined) return media.example;
    const named = Object.values(media.examples ?? {})[0];
    if (named?.value !== undefined) return named.value;
    return media.schema ? this.example(media.schema) : undefined;
  }

  example(raw: Schema, depth = 0): unknown {
    const schema = this.resolve(raw);
    if (schema.example !== undefined) return schema.example;
    if (schema.examples?.[0] !== undefined) return schema.examples[0];
    if (schema.const !== undefined) return schema.const;
    if (schema.default !== undefined && schema.default !== null) return schema.default;
    if (schema.enum) return schema.enum[0];
    if (depth >= MAX_DEPTH) return null;
    if (schema.allOf) return Object.assign({}, ...schema.allOf.map((one) => this.example(one, depth + 1)));
    const one = (schema.oneOf ?? schema.anyOf)?.find((part) => this.resolve(part).type !== "null");
    if (one) return this.example(one, depth + 1);
    return this.exampleOfType(schema, depth);
  }

  private exampleOfType(schema: Schema, depth: number): unknown {
    const type = Array.isArray(schema.type) ? schema.type.find((name) => name !== "null") : schema.type;
    if (type === "array") return schema.items ? [this.example(schema.items, depth + 1)] : [];
    if (type === "string") return schema.format === "date-time" ? "2026-05-01T09:00:00+09:00" : "text";
    if (type === "integer") return schema.minimum ?? 1;
    if (type === "number") return schema.minimum ?? 1.5;
    if (type === "boolean") return true;
    if (type === "null") return null;
    return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, this.example(property, depth + 1)]));
  }
}
