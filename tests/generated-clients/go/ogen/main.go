// What ogen's client reads and sends.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"generated/ogen/api"

	"github.com/ogen-go/ogen/ogenerrors"
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

// One way to prove who asks; the others are skipped.
type login struct {
	key, operator, device, password string
}

func (l login) Key(context.Context, api.OperationName) (api.Key, error) {
	return api.Key{Token: l.key}, skip(l.key)
}

func (l login) Operator(context.Context, api.OperationName) (api.Operator, error) {
	return api.Operator{Token: l.operator}, skip(l.operator)
}

func (l login) DevicePassword(context.Context, api.OperationName) (api.DevicePassword, error) {
	return api.DevicePassword{Username: l.device, Password: l.password}, skip(l.password)
}

func (l login) DeviceToken(context.Context, api.OperationName) (api.DeviceToken, error) {
	return api.DeviceToken{}, ogenerrors.ErrSkipClientSecurity
}

func (l login) KeyHeader(context.Context, api.OperationName) (api.KeyHeader, error) {
	return api.KeyHeader{}, ogenerrors.ErrSkipClientSecurity
}

func (l login) KeyInURL(context.Context, api.OperationName) (api.KeyInURL, error) {
	return api.KeyInURL{}, ogenerrors.ErrSkipClientSecurity
}

func (l login) ServiceToken(context.Context, api.OperationName) (api.ServiceToken, error) {
	return api.ServiceToken{}, ogenerrors.ErrSkipClientSecurity
}

func (l login) BatchCredential(context.Context, api.OperationName) (api.BatchCredential, error) {
	return api.BatchCredential{}, ogenerrors.ErrSkipClientSecurity
}

func (l login) Session(context.Context, api.OperationName) (api.Session, error) {
	return api.Session{}, ogenerrors.ErrSkipClientSecurity
}

func skip(secret string) error {
	if secret == "" {
		return ogenerrors.ErrSkipClientSecurity
	}
	return nil
}

func client(l login) *api.Client {
	return must(api.NewClient(os.Getenv("MADANG_URL"), l))
}

func read(value api.Value) any {
	switch value.Type {
	case api.Float64Value:
		return value.Float64
	case api.BoolValue:
		return value.Bool
	case api.StringValue:
		return value.String
	default:
		return nil
	}
}

func main() {
	ctx, device := context.Background(), os.Getenv("MADANG_DEVICE")
	open := client(login{key: os.Getenv("MADANG_KEY")})
	own := api.NewOptString(device)
	page := must(open.GetLatest(ctx, api.GetLatestParams{Device: own})).(*api.LatestList)
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

	count := api.GetDatastreamsIDObservationsParams{ID: speed.ID, Count: api.NewOptBool(true)}
	observations := must(open.GetDatastreamsIDObservations(ctx, count)).(*api.ListObservation)
	check(observations.Count.Value >= 2, observations)
	question := api.GetAggregateParams{Device: own, Field: api.NewOptString("speed"), Bucket: "1d", Fn: "avg,count,p95"}
	bucket := must(open.GetAggregate(ctx, question)).(*api.AggregateList).Items[0]
	check(bucket.Count.Value == 2 && bucket.LeftOut == 0 && bucket.AdditionalProps["p95"] > 0, bucket)
	day := api.GetExportDateParams{Date: "2026-05-01"}
	agency := must(open.GetExportDate(ctx, day)).(*api.ListExport).Items[0].Agency
	wanted := api.GetExportDateDomainFileParams{Date: day.Date, Domain: "traffic", File: agency + ".parquet"}
	file := must(open.GetExportDateDomainFile(ctx, wanted)).(*api.GetExportDateDomainFileOKApplicationVndApacheParquet)
	bytes := must(io.ReadAll(file))
	check(string(bytes[:4]) == "PAR1", bytes[:4])
	_, err := open.GetLatest(ctx, api.GetLatestParams{Domain: api.NewOptString("trafic")})
	check(err != nil, "a mistyped filter was answered")

	operator := client(login{operator: os.Getenv("MADANG_TOKEN")})
	found := must(operator.GetDevicesID(ctx, api.GetDevicesIDParams{ID: device})).(*api.Device)
	check(found.Status == "active", found)

	one := api.Reading{
		T: api.NewOptValue(api.NewStringValue("2025-01-01T00:00:00Z")),
		V: api.NewOptReadingV(api.ReadingV{"speed": api.NewFloat64Value(50.5), "note": api.NewStringValue("wet")}),
	}
	body := api.NewReadingArrayReadings([]api.Reading{one})
	sender := client(login{device: device, password: os.Getenv("MADANG_PASSWORD")})
	receipt := must(sender.PostDevicesIDTelemetry(ctx, &body, api.PostDevicesIDTelemetryParams{ID: device})).(*api.TelemetryReceipt)
	check(receipt.Stored+receipt.Duplicates == 2, receipt)
	fmt.Println("read by ogen:", values)
}
