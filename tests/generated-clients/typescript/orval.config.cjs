module.exports = {
  madang: {
    input: { target: "../openapi.json" },
    output: {
      target: "generated/orval.ts",
      client: "fetch",
      mode: "single",
      baseUrl: process.env.MADANG_URL,
    },
  },
};
