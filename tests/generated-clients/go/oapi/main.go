// What oapi-codegen's client reads and sends.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"generated/oapi/api"
)

func check(holds bool, what any) {
	if !holds {
		panic(fmt.Sprint(what))
	}
}

func must[T any](value T, err error) T {
	check(err == nil, err)
	return value
}

func client(authorize func(*http.Request)) *api.ClientWithResponses {
	editor := func(_ context.Context, request *http.Request) error {
		authorize(request)
		return nil
	}
	return must(api.NewClientWithResponses(os.Getenv("MADANG_URL"), api.WithRequestEditorFn(editor)))
}

func bearer(name string) *api.ClientWithResponses {
	return client(func(request *http.Request) {
		request.Header.Set("Authorization", "Bearer "+os.Getenv(name))
	})
}

// What the union holds.
func read(value *api.Value) any {
	if value == nil {
		return nil
	}
	if number, err := value.AsValue0(); err == nil {
		return float64(number)
	}
	if boolean, err := value.AsValue1(); err == nil {
		return bool(boolean)
	}
	return string(must(value.AsValue2()))
}

func main() {
	ctx, device := context.Background(), os.Getenv("MADANG_DEVICE")
	open := bearer("MADANG_KEY")
	page := must(open.GetLatestWithResponse(ctx, &api.GetLatestParams{Device: &device})).JSON200
	values, speed := map[string]any{}, api.Latest{}
	for _, item := range page.Items {
		values[item.Field] = read(item.Value)
		if item.Field == "speed" {
			speed = item
		}
	}
	check(values["speed"] == 43.5 && values["note"] == "dry" && values["open"] == true, values)
	null, told := values["occupancy"]
	check(told && null == nil, values)
	check(speed.Location.Lat > 37.56 && speed.Location.Lat < 37.57, speed)

	count := true
	params := &api.GetDatastreamsIdObservationsParams{Count: &count}
	observations := must(open.GetDatastreamsIdObservationsWithResponse(ctx, speed.Id, params)).JSON200
	check(*observations.Count >= 2, observations)
	field := "speed"
	aggregate := &api.GetAggregateParams{Device: &device, Field: &field, Bucket: "1d", Fn: "avg,count,p95"}
	bucket := must(open.GetAggregateWithResponse(ctx, aggregate)).JSON200.Items[0]
	check(*bucket.Count == 2 && bucket.LeftOut == 0 && bucket.AdditionalProperties["p95"] > 0, bucket)
	check(must(open.GetDatastreamsSummaryWithResponse(ctx)).JSON200.Items[0].Things >= 1, "summary")
	agency := must(open.GetExportDateWithResponse(ctx, "2026-05-01")).JSON200.Items[0].Agency
	file := must(open.GetExportDateDomainFileWithResponse(ctx, "2026-05-01", "traffic", agency+".parquet", nil))
	check(string(file.Body[:4]) == "PAR1", file.Body[:4])
	typing := "trafic"
	refused := must(open.GetLatestWithResponse(ctx, &api.GetLatestParams{Domain: &typing}))
	check(refused.JSON200 == nil && refused.ApplicationproblemJSONDefault.Status == 400, refused.Status())

	operator := bearer("MADANG_TOKEN")
	check(must(operator.GetDevicesIdWithResponse(ctx, device)).JSON200.Status == "active", "device")

	own := client(func(request *http.Request) {
		request.SetBasicAuth(device, os.Getenv("MADANG_PASSWORD"))
	})
	time, number, text := &api.Value{}, &api.Value{}, &api.Value{}
	check(time.FromValue2("2025-01-01T00:00:00Z") == nil, "time")
	check(number.FromValue0(50.5) == nil && text.FromValue2("wet") == nil, "values")
	one := api.Reading{T: time, V: &map[string]*api.Value{"speed": number, "note": text}}
	body := api.Readings{}
	check(body.FromReadings1([]api.Reading{one}) == nil, "body")
	receipt := must(own.PostDevicesIdTelemetryWithResponse(ctx, device, body)).JSON200
	check(receipt.Stored+receipt.Duplicates == 2, receipt)
	fmt.Println("read by oapi-codegen:", values)
}
