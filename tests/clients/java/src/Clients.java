// Libraries for Java against a Madang that ../run.py has started: each connects,
// publishes, and verifies the receipt where there is one. A line of JSON for each.

import COSE.AlgorithmID;
import COSE.Attribute;
import COSE.HeaderKeys;
import COSE.Message;
import COSE.MessageTag;
import COSE.OneKey;
import COSE.Sign1Message;
import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.Ed25519Signer;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.upokecenter.cbor.CBORObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import net.i2p.crypto.eddsa.EdDSASecurityProvider;
import org.eclipse.californium.core.CoapClient;
import org.eclipse.californium.core.CoapResponse;
import org.eclipse.californium.core.coap.CoAP;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.elements.config.UdpConfig;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;

public class Clients {
    /** Seconds for one step; long enough for a busy machine. */
    static final int PATIENCE = 30;
    static Map<String, Object> peer;
    static int counter;
    static int sequence;

    /** What a library did: a value that is to be stored, and a note. */
    record Done(Integer value, String note) {}

    interface Work {
        Done run() throws Exception;
    }

    static void report(String library, String version, String does, Work work) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("library", library);
        line.put("version", version);
        line.put("does", does);
        try {
            Done done = work.run();
            line.put("ok", true);
            if (done.value() != null) {
                line.put("value", done.value());
            }
            line.put("note", done.note());
        } catch (Throwable error) {
            line.put("ok", false);
            line.put("note", String.valueOf(error));
        }
        System.out.println(JSONObjectUtils.toJSONString(line));
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> part(String name) {
        return (Map<String, Object>) peer.get(name);
    }

    static String text(Map<String, Object> map, String name) {
        return (String) map.get(name);
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> jwk(Map<String, Object> key) {
        return (Map<String, Object>) key.get("jwk");
    }

    static int nextValue() {
        return ((Number) peer.get("base")).intValue() + counter++;
    }

    static byte[] compact(int value) {
        return ("{\"v\":{\"pm25\":" + value + "}}").getBytes(StandardCharsets.UTF_8);
    }

    static String topic(Map<String, Object> key) {
        return "devices/" + text(key, "device") + "/telemetry";
    }

    // JWT

    interface Maker {
        String make(Map<String, Object> key) throws Exception;
    }

    static Work overHttp(Map<String, Object> key, Maker maker) {
        return () -> {
            String token = maker.make(key);
            int value = nextValue();
            HttpRequest request = HttpRequest.newBuilder(URI.create(
                            peer.get("http") + "/v1/devices/" + text(key, "device") + "/telemetry"))
                    .header("Authorization", "Bearer " + token)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(compact(value)))
                    .build();
            HttpResponse<String> answer =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("HTTP " + answer.statusCode() + " " + answer.body());
            }
            byte[] header = Base64.getUrlDecoder().decode(token.split("\\.")[0]);
            Object alg = JSONObjectUtils.parse(new String(header, StandardCharsets.UTF_8)).get("alg");
            return new Done(value, "alg " + alg);
        };
    }

    static Maker nimbus(JWSAlgorithm algorithm) {
        return key -> {
            JWSSigner signer = algorithm.equals(JWSAlgorithm.ES256)
                    ? new ECDSASigner(ECKey.parse(jwk(key)))
                    : new Ed25519Signer(OctetKeyPair.parse(jwk(key)));
            Date now = new Date();
            SignedJWT token = new SignedJWT(new JWSHeader(algorithm), new JWTClaimsSet.Builder()
                    .subject(text(key, "device")).audience((String) peer.get("audience"))
                    .issueTime(now).expirationTime(new Date(now.getTime() + 3_600_000)).build());
            token.sign(signer);
            return token.serialize();
        };
    }

    static Maker jose4j(String algorithm) {
        return key -> {
            JwtClaims claims = new JwtClaims();
            claims.setSubject(text(key, "device"));
            claims.setAudience((String) peer.get("audience"));
            claims.setIssuedAtToNow();
            claims.setExpirationTimeMinutesInTheFuture(60);
            JsonWebSignature token = new JsonWebSignature();
            token.setPayload(claims.toJson());
            token.setAlgorithmHeaderValue(algorithm);
            token.setKey(PublicJsonWebKey.Factory.newPublicJwk(
                    JSONObjectUtils.toJSONString(jwk(key))).getPrivateKey());
            return token.getCompactSerialization();
        };
    }

    static String javaJwt(Map<String, Object> key) throws Exception {
        ECPrivateKey secret = ECKey.parse(jwk(key)).toECPrivateKey();
        Date now = new Date();
        return JWT.create().withSubject(text(key, "device"))
                .withAudience((String) peer.get("audience")).withIssuedAt(now)
                .withExpiresAt(new Date(now.getTime() + 3_600_000))
                .sign(Algorithm.ECDSA256(null, secret));
    }

    // MQTT

    static String broker() {
        return "tcp://" + peer.get("host") + ":" + peer.get("mqtt");
    }

    static org.eclipse.paho.client.mqttv3.MqttClient v3(Map<String, Object> key, String token)
            throws Exception {
        var client = new org.eclipse.paho.client.mqttv3.MqttClient(broker(), text(key, "device"),
                new org.eclipse.paho.client.mqttv3.persist.MemoryPersistence());
        client.setTimeToWait(PATIENCE * 1000L);
        var options = new org.eclipse.paho.client.mqttv3.MqttConnectOptions();
        options.setUserName(text(key, "device"));
        options.setPassword(token.toCharArray());
        client.connect(options);
        return client;
    }

    static Done pahoV3() throws Exception {
        var key = part("ed25519");
        var client = v3(key, text(key, "token"));
        int value = nextValue();
        client.publish(topic(key), compact(value), 1, false);
        client.disconnect();
        return new Done(value, "");
    }

    static Done pahoV3Refused() throws Exception {
        try {
            v3(part("ed25519"), text(part("es256"), "token"));
        } catch (org.eclipse.paho.client.mqttv3.MqttException error) {
            return new Done(null, "connect: " + error.getMessage() + " (" + error.getReasonCode() + ")");
        }
        throw new IllegalStateException("it was let in");
    }

    static Done pahoV3Elsewhere() throws Exception {
        var key = part("ed25519");
        var client = v3(key, text(key, "token"));
        client.publish(topic(part("es256")), compact(1), 1, false);
        client.publish(topic(key), new byte[80_000], 1, false);
        int value = nextValue();
        client.publish(topic(key), compact(value), 1, false);
        client.disconnect();
        return new Done(value, "another's topic: success; 80,000 bytes: success");
    }

    static org.eclipse.paho.mqttv5.client.MqttClient v5(Map<String, Object> key, String token)
            throws Exception {
        var client = new org.eclipse.paho.mqttv5.client.MqttClient(broker(), text(key, "device"),
                new org.eclipse.paho.mqttv5.client.persist.MemoryPersistence());
        client.setTimeToWait(PATIENCE * 1000L);
        var options = new org.eclipse.paho.mqttv5.client.MqttConnectionOptions();
        options.setUserName(text(key, "device"));
        options.setPassword(token.getBytes(StandardCharsets.UTF_8));
        client.connect(options);
        return client;
    }

    static Done pahoV5() throws Exception {
        var key = part("ed25519");
        var client = v5(key, text(key, "token"));
        int value = nextValue();
        client.publish(topic(key), compact(value), 1, false);
        client.disconnect();
        return new Done(value, "");
    }

    static Done pahoV5Refused() throws Exception {
        try {
            v5(part("ed25519"), text(part("es256"), "token"));
        } catch (org.eclipse.paho.mqttv5.common.MqttException error) {
            return new Done(null, "connect: " + error.getMessage() + " (" + error.getReasonCode() + ")");
        }
        throw new IllegalStateException("it was let in");
    }

    static Done pahoV5Elsewhere() throws Exception {
        var key = part("ed25519");
        var client = v5(key, text(key, "token"));
        String foreign = "success";
        try {
            client.publish(topic(part("es256")), compact(1), 1, false);
        } catch (org.eclipse.paho.mqttv5.common.MqttException error) {
            foreign = error.getMessage();
        }
        int value = nextValue();
        client.publish(topic(key), compact(value), 1, false);
        client.disconnect();
        return new Done(value, "another's topic: " + foreign);
    }

    static Mqtt5BlockingClient hive(Map<String, Object> key) {
        return Mqtt5Client.builder().identifier(text(key, "device"))
                .serverHost((String) peer.get("host"))
                .serverPort(((Number) peer.get("mqtt")).intValue()).buildBlocking();
    }

    static Done hivemq() {
        var key = part("ed25519");
        var client = hive(key);
        client.connectWith().simpleAuth().username(text(key, "device"))
                .password(text(key, "token").getBytes(StandardCharsets.UTF_8)).applySimpleAuth().send();
        int value = nextValue();
        var result = client.publishWith().topic(topic(key)).qos(MqttQos.AT_LEAST_ONCE)
                .payload(compact(value)).send();
        String foreign = "success";
        try {
            client.publishWith().topic(topic(part("es256"))).qos(MqttQos.AT_LEAST_ONCE)
                    .payload(compact(1)).send();
        } catch (RuntimeException error) {
            foreign = error.getMessage();
        }
        client.disconnect();
        return new Done(value, result.getClass().getSimpleName() + "; another's topic: " + foreign);
    }

    static Done hivemqRefused() {
        var key = part("ed25519");
        try {
            hive(key).connectWith().simpleAuth().username(text(key, "device"))
                    .password(text(part("es256"), "token").getBytes(StandardCharsets.UTF_8))
                    .applySimpleAuth().send();
        } catch (RuntimeException error) {
            return new Done(null, "connect: " + error.getMessage());
        }
        throw new IllegalStateException("it was let in");
    }

    // CoAP and COSE

    static byte[] raw(Object text) {
        return Base64.getUrlDecoder().decode((String) text);
    }

    static OneKey oneKey(boolean ed, byte[] x, byte[] y, byte[] d) throws Exception {
        CBORObject map = CBORObject.NewMap();
        map.Add(1, ed ? 1 : 2);
        map.Add(-1, ed ? 6 : 1);
        map.Add(-2, x);
        if (!ed) {
            map.Add(-3, y);
        }
        if (d != null) {
            map.Add(-4, d);
        }
        return new OneKey(map);
    }

    static Work cose(boolean ed, int pad) {
        return () -> {
            var key = part(ed ? "ed25519" : "es256");
            var jwk = jwk(key);
            String path = "/devices/" + text(key, "device") + "/telemetry";
            AlgorithmID algorithm = ed ? AlgorithmID.EDDSA : AlgorithmID.ECDSA_256;
            int value = nextValue();
            Sign1Message message = new Sign1Message();
            message.addAttribute(HeaderKeys.Algorithm, algorithm.AsCBOR(), Attribute.PROTECTED);
            message.addAttribute(HeaderKeys.KID,
                    text(key, "device").getBytes(StandardCharsets.UTF_8), Attribute.PROTECTED);
            message.addAttribute(HeaderKeys.CONTENT_TYPE, CBORObject.FromObject(110), Attribute.PROTECTED);
            message.addAttribute(CBORObject.FromObject(-70001), CBORObject.FromObject(1), Attribute.PROTECTED);
            message.addAttribute(CBORObject.FromObject(-70002), CBORObject.FromObject(++sequence),
                    Attribute.PROTECTED);
            message.SetContent(" ".repeat(pad) + "[{\"n\":\"pm25\",\"v\":" + value + "}]");
            CBORObject aad = CBORObject.NewArray().Add("madang/1").Add("POST").Add(path);
            message.setExternal(aad.EncodeToBytes());
            message.sign(oneKey(ed, raw(jwk.get("x")), ed ? null : raw(jwk.get("y")), raw(jwk.get("d"))));
            byte[] body = message.EncodeToBytes();
            CoapClient client = new CoapClient("coap://" + peer.get("host") + ":" + peer.get("coap") + path);
            client.setTimeout(PATIENCE * 1000L);
            CoapResponse answer = client.post(body, 18);
            client.shutdown();
            if (answer == null || answer.getCode() != CoAP.ResponseCode.CHANGED) {
                throw new IllegalStateException("answer " + (answer == null ? null : answer.getCode()));
            }
            return new Done(value, body.length + " bytes; receipt verified, offset "
                    + verify(ed, answer.getPayload(), body));
        };
    }

    static long verify(boolean ed, byte[] answer, byte[] body) throws Exception {
        byte[] point = raw(part("platform").get(ed ? "EdDSA" : "ES256"));
        OneKey platform = ed
                ? oneKey(true, point, null, null)
                : oneKey(false, Arrays.copyOfRange(point, 1, 33), Arrays.copyOfRange(point, 33, 65), null);
        Sign1Message receipt = (Sign1Message) Message.DecodeFromBytes(answer, MessageTag.Sign1);
        if (!receipt.validate(platform)) {
            throw new IllegalStateException("its signature is not the platform's");
        }
        CBORObject told = CBORObject.DecodeFromBytes(receipt.GetContent());
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(body);
        if (!Arrays.equals(told.get(CBORObject.FromObject(2)).GetByteString(), digest)) {
            throw new IllegalStateException("the receipt is another message's");
        }
        return told.get(CBORObject.FromObject(1)).AsInt64();
    }

    public static void main(String[] arguments) throws Exception {
        peer = JSONObjectUtils.parse(Files.readString(Path.of(arguments[0])));
        Security.addProvider(new EdDSASecurityProvider());
        CoapConfig.register();
        UdpConfig.register();
        org.eclipse.californium.elements.config.Configuration.setStandard(
                org.eclipse.californium.elements.config.Configuration.createStandardWithoutFile());
        var ed = part("ed25519");
        var es = part("es256");
        report("nimbus-jose-jwt", "10.10", "JWT, EdDSA", overHttp(ed, nimbus(JWSAlgorithm.EdDSA)));
        report("nimbus-jose-jwt", "10.10", "JWT, Ed25519", overHttp(ed, nimbus(JWSAlgorithm.Ed25519)));
        report("nimbus-jose-jwt", "10.10", "JWT, ES256", overHttp(es, nimbus(JWSAlgorithm.ES256)));
        report("jose4j", "0.9.6", "JWT, EdDSA", overHttp(ed, jose4j("EdDSA")));
        report("java-jwt", "4.6.2", "JWT, ES256", overHttp(es, Clients::javaJwt));
        report("paho mqttv3 (Java)", "1.2.5", "MQTT 3.1.1, QoS 1", Clients::pahoV3);
        report("paho mqttv3 (Java)", "1.2.5", "MQTT 3.1.1, wrong token", Clients::pahoV3Refused);
        report("paho mqttv3 (Java)", "1.2.5", "MQTT 3.1.1, refused publishes", Clients::pahoV3Elsewhere);
        report("paho mqttv5 (Java)", "1.2.5", "MQTT 5, QoS 1", Clients::pahoV5);
        report("paho mqttv5 (Java)", "1.2.5", "MQTT 5, wrong token", Clients::pahoV5Refused);
        report("paho mqttv5 (Java)", "1.2.5", "MQTT 5, refused publish", Clients::pahoV5Elsewhere);
        report("hivemq-mqtt-client", "1.3.3", "MQTT 5, QoS 1", Clients::hivemq);
        report("hivemq-mqtt-client", "1.3.3", "MQTT 5, wrong token", Clients::hivemqRefused);
        report("cose-java", "1.1.0", "COSE, EdDSA, by Californium", cose(true, 0));
        report("cose-java", "1.1.0", "COSE, ES256, by Californium", cose(false, 0));
        report("californium-core", "3.14.0", "CoAP, 3,000 bytes", cose(true, 3_000));
        System.exit(0);
    }
}
