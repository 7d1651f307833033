import java.io.File;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.DataApi;
import org.openapitools.client.api.DevicesApi;
import org.openapitools.client.api.RegistryApi;
import org.openapitools.client.model.Bucket;
import org.openapitools.client.model.Latest;
import org.openapitools.client.model.LatestList;
import org.openapitools.client.model.Reading;
import org.openapitools.client.model.Readings;
import org.openapitools.client.model.TelemetryReceipt;
import org.openapitools.client.model.Value;

/** What openapi-generator's client for Java reads and sends. */
public class Read {
    static final String DEVICE = System.getenv("MADANG_DEVICE");

    static ApiClient client() {
        return new ApiClient().setBasePath(System.getenv("MADANG_URL"));
    }

    static ApiClient bearer(String name) {
        return client().addDefaultHeader("Authorization", "Bearer " + System.getenv(name));
    }

    static void check(boolean holds, Object what) {
        if (!holds) throw new AssertionError(String.valueOf(what));
    }

    public static void main(String[] arguments) throws Exception {
        DataApi open = new DataApi(bearer("MADANG_KEY"));
        LatestList page = open.getLatest(null, null, null, null, DEVICE, null, null, null, null, null, null, null, null);
        Map<String, Object> values = new TreeMap<>();
        Latest speed = null;
        for (Latest item : page.getItems()) {
            Value value = item.getValue();
            values.put(item.getField(), value == null ? null : value.getActualInstance());
            if (item.getField().equals("speed")) speed = item;
        }
        check(Double.valueOf(43.5).equals(values.get("speed")), values);
        check("dry".equals(values.get("note")) && Boolean.TRUE.equals(values.get("open")), values);
        check(values.containsKey("occupancy") && values.get("occupancy") == null, values);
        check(Math.abs(speed.getLocation().getLat() - 37.5665) < 1e-9, speed);

        check(open.getDatastreamsIdObservations(speed.getId(), null, null, null, null, null, null, true, null, null)
            .getCount() >= 2, "count");
        Bucket bucket = open.getAggregate("1d", "avg,count,p95", null, null, null, null, DEVICE, "speed", null, null,
            null, null, null, null, null, null, null).getItems().get(0);
        check(bucket.getCount() == 2 && bucket.getLeftOut() == 0, bucket);
        check(bucket.getAdditionalProperty("p95") != null, bucket);
        check(open.getDatastreamsSummary().getItems().get(0).getThings() >= 1, "summary");
        String agency = open.getExportDate("2026-05-01").getItems().get(0).getAgency();
        File file = open.getExportDateDomainFile("2026-05-01", "traffic", agency + ".parquet", null);
        check(Arrays.equals(Arrays.copyOf(Files.readAllBytes(file.toPath()), 4), "PAR1".getBytes()), file);
        try {
            open.getLatest("trafic", null, null, null, null, null, null, null, null, null, null, null, null);
            throw new AssertionError("a mistyped filter was answered");
        } catch (ApiException problem) {
            check(problem.getCode() == 400 && problem.getResponseBody().contains("traffic"), problem);
        }

        check(new DevicesApi(bearer("MADANG_TOKEN")).getDevicesId(DEVICE).getStatus().equals("active"), "device");
        check(new RegistryApi(bearer("MADANG_TOKEN")).getAgencies(null, null).getItems().size() == 1, "agencies");

        ApiClient own = client();
        own.setUsername(DEVICE);
        own.setPassword(System.getenv("MADANG_PASSWORD"));
        Reading one = new Reading().t(new Value("2025-01-01T00:00:00Z"))
            .v(Map.of("speed", new Value(50.5), "note", new Value("wet")));
        TelemetryReceipt receipt = new DevicesApi(own).postDevicesIdTelemetry(DEVICE, new Readings(List.of(one)));
        check(receipt.getStored() + receipt.getDuplicates() == 2, receipt);
        System.out.println("read by openapi-generator for Java: " + values);
        System.exit(0);
    }
}
